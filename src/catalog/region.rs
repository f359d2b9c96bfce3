//! Regions and the zones AWS prices apart from them.

use std::borrow::Cow;

use crate::catalog::rate::Provenance;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegionKind {
    Region,
    LocalZone,
    WavelengthZone,
}

impl RegionKind {
    pub const fn name(self) -> &'static str {
        match self {
            RegionKind::Region => "region",
            RegionKind::LocalZone => "local-zone",
            RegionKind::WavelengthZone => "wavelength-zone",
        }
    }
}

/// A place with rates of its own, under the code AWS's price list gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// `us-west-2`, `us-west-2-lax-1`.
    pub code: Cow<'static, str>,
    /// `US West (Oregon)`; of a region that the shipped card does not have, its code.
    pub name: Cow<'static, str>,
    pub kind: RegionKind,
    /// The region a zone belongs to.
    pub parent: Option<&'static str>,
    /// `USW2`; `None` is not known.
    pub billing_code: Option<&'static str>,
    /// What EC2 usage types begin with there: `USW2-`, `EU-` in eu-west-1, nothing in us-east-1. `None` is not known.
    pub usage_type_prefix: Option<&'static str>,
    /// Id of the [`Source`](crate::catalog::Source) of billing code and prefix.
    pub billing_code_source: Option<&'static str>,
    /// Of the name.
    pub provenance: Provenance,
}

/// The code under which AWS prices what is in a zone: `us-west-2a` → `us-west-2`. Local and wavelength zones
/// (`us-west-2-lax-1a`) keep their zone group, and what ends in no zone's letter is a region already.
pub fn region_of_zone(zone: &str) -> String {
    let region = zone.strip_suffix(|last: char| last.is_ascii_lowercase());
    let region = region.filter(|region| region.ends_with(|last: char| last.is_ascii_digit()));
    region.unwrap_or(zone).to_owned()
}
