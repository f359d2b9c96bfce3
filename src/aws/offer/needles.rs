//! What the bytes of a wanted row cannot be without, so that hundreds of MB need not be parsed to find a few rows.

use memchr::memmem::Finder;

use crate::aws::offer::collector::BOX_USAGE;
use crate::aws::offer::dimension::EBS;
use crate::aws::offer::family::{Families, is_type_byte};

/// Of what a row is looked for by. None of it has quotes: it is in the row as it is, however the row is quoted.
#[derive(Debug)]
pub(super) struct Needles {
    box_usage: Finder<'static>,
    families: Families,
    ebs: Option<Finder<'static>>,
    /// What else the row of an instance has.
    with: Vec<Finder<'static>>,
}

impl Needles {
    /// Usage types of instances of these families, and those of EBS.
    pub(super) fn of_offers(families: &[String]) -> Needles {
        let with = ["Linux", "Shared"].map(Finder::new).into();
        Needles { ebs: Some(Finder::new(EBS)), with, ..Needles::of_savings_plans(families) }
    }

    /// Usage types of instances of these families.
    pub(super) fn of_savings_plans(families: &[String]) -> Needles {
        let families = Families::new(families);
        Needles { box_usage: Finder::new(BOX_USAGE), families, ebs: None, with: Vec::new() }
    }

    /// Where in these rows wanted ones may be, in order. A row can be told more than once.
    pub(super) fn places_in(&self, rows: &[u8], places: &mut Vec<usize>) {
        let instances = self.box_usage.find_iter(rows).map(|at| at + BOX_USAGE.len());
        places.extend(instances.filter(|at| self.is_of_families(rows.get(*at..).unwrap_or_default())));
        if let Some(ebs) = &self.ebs {
            places.extend(ebs.find_iter(rows));
            places.sort_unstable();
        }
    }

    /// Whether a row that was found may be a rate.
    pub(super) fn may_be(&self, row: &[u8]) -> bool {
        self.ebs.as_ref().is_some_and(|ebs| ebs.find(row).is_some())
            || self.with.iter().all(|it| it.find(row).is_some())
    }

    fn is_of_families(&self, rest: &[u8]) -> bool {
        if !rest.first().is_some_and(|byte| self.families.may_begin(*byte)) {
            return false;
        }
        let length = rest.iter().position(|byte| !is_type_byte(*byte)).unwrap_or(rest.len());
        let family = rest.get(..length).and_then(|family| std::str::from_utf8(family).ok());
        family.is_some_and(|it| self.families.has(it))
    }
}
