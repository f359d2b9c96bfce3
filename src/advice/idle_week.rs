//! The week of an instance: in which of its hours it was at work, ran idle or stood still, over several weeks; and the
//! hours in which it could have been stopped. Hours and days are UTC, weeks begin on Monday.

/// In a week.
pub const HOURS: usize = 168;
const HOURS_PER_DAY: i64 = 24;
/// 1970 began on a Thursday.
const DAYS_BEFORE_1970: i64 = 3;
/// A stop is worth it from so many hours on.
const SHORTEST_BLOCK: usize = 4;

/// What became of one hour of the week in the weeks that were looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WeekHour {
    pub active: u32,
    /// It ran, and did nothing.
    pub idle: u32,
    /// It surely stood still.
    pub off: u32,
    /// Nobody knows: it counts as at work.
    pub unknown: u32,
    /// It lies in a block in which the instance is to be stopped.
    pub proposed: bool,
}

impl WeekHour {
    const fn is_free(self) -> bool {
        self.active == 0 && self.unknown == 0
    }
}

/// Hours of the week in a row, in which the instance never was at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Hour of the week.
    pub start: usize,
    pub hours: usize,
    /// It ran up to the block's end: it is to be started then.
    pub starts_again: bool,
}

impl Block {
    pub const fn end(self) -> usize {
        (self.start + self.hours) % HOURS
    }

    fn each(self) -> impl Iterator<Item = usize> {
        (self.start..self.start + self.hours).map(|hour| hour % HOURS)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdleWeek {
    pub weeks: u32,
    /// From Monday 0:00 UTC.
    pub hours: Vec<WeekHour>,
    pub blocks: Vec<Block>,
}

/// What an instance did in one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Did {
    Work,
    Nothing,
    StandStill,
    Unknown,
}

/// Hour of the week of an hour since 1970.
pub(super) fn hour_of_week(hour: i64) -> usize {
    let day = (hour.div_euclid(HOURS_PER_DAY) + DAYS_BEFORE_1970).rem_euclid(7);
    usize::try_from(day * HOURS_PER_DAY + hour.rem_euclid(HOURS_PER_DAY)).unwrap_or(0)
}

impl IdleWeek {
    /// Of whole weeks, the first of their hours being `first` since 1970.
    pub(super) fn of(first: i64, did: &[Did]) -> IdleWeek {
        let mut hours = vec![WeekHour::default(); HOURS];
        for (hour, did) in (first..).zip(did) {
            let Some(kept) = hours.get_mut(hour_of_week(hour)) else { continue };
            match did {
                Did::Work => kept.active += 1,
                Did::Nothing => kept.idle += 1,
                Did::StandStill => kept.off += 1,
                Did::Unknown => kept.unknown += 1,
            }
        }
        let blocks = blocks(&hours);
        for hour in blocks.iter().flat_map(|block| block.each()) {
            if let Some(kept) = hours.get_mut(hour) {
                kept.proposed = true;
            }
        }
        IdleWeek { weeks: u32::try_from(did.len() / HOURS).unwrap_or(0), hours, blocks }
    }

    pub(super) fn is_proposed(&self, hour: i64) -> bool {
        self.hours.get(hour_of_week(hour)).is_some_and(|hour| hour.proposed)
    }

    /// Hours of the week in which it never was at work.
    pub fn free_hours(&self) -> usize {
        self.hours.iter().filter(|hour| hour.is_free()).count()
    }
}

/// The free hours in a row, around the week's end too. None where it never was at work: then nobody needs it at all.
fn blocks(hours: &[WeekHour]) -> Vec<Block> {
    let free = |hour: usize| hours.get(hour % HOURS).is_some_and(|hour| hour.is_free());
    let Some(busy) = (0..HOURS).find(|hour| !free(*hour)) else { return Vec::new() };
    let mut blocks = Vec::new();
    let mut start = None;
    for hour in busy..=busy + HOURS {
        match (free(hour), start) {
            (true, None) => start = Some(hour),
            (false, Some(from)) => {
                blocks.extend(block(hours, from, hour));
                start = None;
            }
            _ => {}
        }
    }
    blocks.sort_by_key(|block| block.start);
    blocks
}

/// Of the free hours in `from..to`: from the first in which it ran to the last. What stood still anyway needs no schedule.
fn block(hours: &[WeekHour], from: usize, to: usize) -> Option<Block> {
    let ran = |hour: &usize| hours.get(hour % HOURS).is_some_and(|hour| hour.idle > 0);
    let (first, last) = ((from..to).find(ran)?, (from..to).rfind(ran)?);
    let hours = last + 1 - first;
    let starts_again = last + 1 == to;
    (hours >= SHORTEST_BLOCK).then_some(Block { start: first % HOURS, hours, starts_again })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two weeks from a Monday, of hours of the week.
    fn week(did: impl Fn(usize) -> Did) -> IdleWeek {
        let monday = 4 * HOURS_PER_DAY;
        let did: Vec<Did> = (0..2 * HOURS).map(|hour| did(hour % HOURS)).collect();
        IdleWeek::of(monday, &did)
    }

    fn at_work(hour: usize) -> bool {
        hour / 24 < 5 && (9..17).contains(&(hour % 24))
    }

    #[test]
    fn weeks_begin_on_monday() {
        assert_eq!(hour_of_week(0), 3 * 24); // Thursday, 1970-01-01
        assert_eq!(hour_of_week(-1), 3 * 24 - 1);
        assert_eq!(hour_of_week(4 * 24 + 5), 5); // Monday, 1970-01-05 05:00
    }

    #[test]
    fn nights_and_the_weekend_are_blocks_around_the_weeks_end() {
        let week = week(|hour| if at_work(hour) { Did::Work } else { Did::Nothing });
        let found: Vec<_> = week.blocks.iter().map(|block| (block.start, block.hours, block.end())).collect();
        // Monday to Thursday 17:00, 16 h; Friday 17:00 to Monday 9:00.
        assert_eq!(found, [(17, 16, 33), (41, 16, 57), (65, 16, 81), (89, 16, 105), (113, 64, 9)]);
        assert_eq!((week.weeks, week.free_hours()), (2, 128));
        assert!(week.blocks.iter().all(|block| block.starts_again));
    }

    #[test]
    fn what_stood_still_is_neither_stopped_nor_started() {
        // Somebody starts it at 8 and forgets it until midnight.
        let week = week(|hour| match hour % 24 {
            0..8 => Did::StandStill,
            8..17 => Did::Work,
            _ => Did::Nothing,
        });
        assert_eq!(week.blocks.len(), 7);
        assert_eq!(week.blocks[0], Block { start: 17, hours: 7, starts_again: false });
    }

    #[test]
    fn one_hour_of_work_or_of_silence_forbids_its_block() {
        for did in [Did::Work, Did::Unknown] {
            let mut all: Vec<Did> = vec![Did::Nothing; 2 * HOURS];
            all.iter_mut().step_by(4).for_each(|hour| *hour = did);
            assert_eq!(IdleWeek::of(0, &all).blocks, [], "three hours at a time are too few");
        }
        let mut all = vec![Did::Nothing; 2 * HOURS];
        assert_eq!(IdleWeek::of(0, &all).blocks, [], "it is never at work");
        all[200] = Did::Unknown;
        assert_eq!(IdleWeek::of(0, &all).blocks.iter().map(|block| block.hours).sum::<usize>(), 167);
    }
}
