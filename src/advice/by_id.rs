//! Things by id: gone through in the order of their ids, and looked up by the ten thousand.

use rustc_hash::FxHashMap;

#[derive(Debug)]
pub(super) struct ById<'a, T> {
    sorted: Vec<(&'a str, T)>,
    at: FxHashMap<&'a str, usize>,
}

/// Each id once.
impl<'a, T> From<Vec<(&'a str, T)>> for ById<'a, T> {
    fn from(mut sorted: Vec<(&'a str, T)>) -> ById<'a, T> {
        if !sorted.is_sorted_by_key(|(id, _)| *id) {
            sorted.sort_by_key(|(id, _)| *id);
        }
        let at = sorted.iter().enumerate().map(|(at, (id, _))| (*id, at)).collect();
        ById { sorted, at }
    }
}

impl<'a, T> ById<'a, T> {
    /// With more, of other ids.
    pub(super) fn with(mut self, more: Vec<(&'a str, T)>) -> ById<'a, T> {
        if more.is_empty() {
            return self;
        }
        self.sorted.extend(more);
        self.sorted.into()
    }

    pub(super) fn get(&self, id: &str) -> Option<&T> {
        self.sorted.get(*self.at.get(id)?).map(|(_, thing)| thing)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.sorted.get_mut(*self.at.get(id)?).map(|(_, thing)| thing)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a str, &T)> {
        self.sorted.iter().map(|(id, thing)| (*id, thing))
    }

    pub(super) fn all(&self) -> &[(&'a str, T)] {
        &self.sorted
    }
}
