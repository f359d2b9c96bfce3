//! The nearest names to one that is not on the card.

use strsim::damerau_levenshtein;

use crate::catalog::RateCard;

/// Names offered at most.
const SUGGESTIONS: usize = 3;
/// Edits beyond which a name is another one, not a slip.
const MOST_EDITS: usize = 2;
/// No name of the card is near a text this long, and comparing is quadratic.
const LONGEST: usize = 40;

impl RateCard {
    /// Instance types within two edits of `name`, and those of its family if the card has it; at most three.
    pub fn nearest_types(&self, name: &str) -> Vec<String> {
        let wanted = name.trim().to_ascii_lowercase();
        let family = wanted.split('.').next().unwrap_or_default();
        nearest(&wanted, self.instance_types().iter().map(|kind| (&*kind.name, u8::from(kind.family() != family))))
    }

    /// Regions within two edits of `code`, or whose name has it (`oregon`); at most three, whole regions first.
    pub fn nearest_regions(&self, code: &str) -> Vec<String> {
        let wanted = code.trim().to_ascii_lowercase();
        let is_named = |name: &str| wanted.len() > 2 && name.to_lowercase().contains(&wanted);
        nearest(&wanted, self.regions().iter().map(|region| (&*region.code, u8::from(!is_named(&region.name)))))
    }

    /// Machines whose name is within two edits of `name` or has it as a part; at most three.
    pub fn nearest_machines(&self, name: &str) -> Vec<String> {
        let wanted = name.trim().to_lowercase();
        let is_part = |name: &str| !wanted.is_empty() && name.to_lowercase().contains(&wanted);
        nearest(&wanted, self.machines().iter().map(|machine| (machine.name, u8::from(!is_part(machine.name)))))
    }
}

/// Names with rank 0 whatever their distance, others within `MOST_EDITS`; by rank, distance, name.
pub fn nearest<'a>(wanted: &str, names: impl Iterator<Item = (&'a str, u8)>) -> Vec<String> {
    if wanted.chars().count() > LONGEST {
        return Vec::new();
    }
    let mut found: Vec<(u8, usize, &str)> = names
        .map(|(name, rank)| (rank, damerau_levenshtein(wanted, &name.to_lowercase()), name))
        .filter(|(rank, edits, _)| *rank == 0 || *edits <= MOST_EDITS)
        .collect();
    found.sort_unstable();
    found.into_iter().take(SUGGESTIONS).map(|(_, _, name)| name.to_owned()).collect()
}
