//! Where figures were read, with the link.

use std::collections::BTreeSet;

use crate::catalog::{Provenance, RateCard};

/// A line for each source behind these figures, in order of its id.
pub fn sources<'a>(card: &RateCard, provenances: impl IntoIterator<Item = &'a Provenance>) -> Vec<String> {
    let ids: BTreeSet<&str> = provenances.into_iter().map(|provenance| &*provenance.source).collect();
    let known = ids.into_iter().filter_map(|id| card.source(id));
    known.map(|source| format!("{}: {} {}", source.id, source.title, source.url).trim_end().to_owned()).collect()
}
