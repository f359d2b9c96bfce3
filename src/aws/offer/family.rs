//! Which instance types were asked for.

/// Families as asked: `p` is p2, p3, p5en, p6-b200 …, `p3` is p3 alone.
#[derive(Clone, Debug)]
pub(super) struct Families(Vec<String>);

impl Families {
    pub(super) fn new(asked: &[String]) -> Families {
        let mut asked: Vec<String> = asked.iter().map(|family| family.trim().to_ascii_lowercase()).collect();
        asked.retain(|family| !family.is_empty());
        asked.sort();
        asked.dedup();
        Families(asked)
    }

    pub(super) fn into_asked(self) -> Vec<String> {
        self.0
    }

    /// Whether `p3.2xlarge`, or its family alone, is of one of them.
    pub(super) fn has(&self, instance_type: &str) -> bool {
        let family = instance_type.split('.').next().unwrap_or_default();
        self.0.iter().any(|asked| is_of(family, asked))
    }
}

/// What a family's name is written with: `p6-b200`.
pub(super) const fn is_family_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn is_of(family: &str, asked: &str) -> bool {
    if !family.bytes().all(is_family_byte) {
        return false;
    }
    if family == asked {
        return true;
    }
    let letters = family.split(|letter: char| letter.is_ascii_digit()).next().unwrap_or_default();
    // gr6 is g6 with more memory.
    letters.len() < family.len() && (letters == asked || asked == "g" && letters == "gr")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(asked: &str, instance_type: &str) -> bool {
        let asked: Vec<String> = asked.split(',').map(str::to_owned).collect();
        Families::new(&asked).has(instance_type)
    }

    #[test]
    fn a_letter_is_every_generation_of_it() {
        for name in ["p2.xlarge", "p3dn.24xlarge", "p5en.48xlarge", "p6-b200.48xlarge", "p6e-gb200.36xlarge"] {
            assert!(has("p", name) && has("g, P", name) && !has("g", name), "{name}");
        }
        for name in ["g4dn.xlarge", "g6e.48xlarge", "gr6.4xlarge", "g5g.metal"] {
            assert!(has("g", name) && !has("p", name), "{name}");
        }
        assert!(has("trn", "trn1n.32xlarge") && has("inf", "inf2.xlarge"));
    }

    #[test]
    fn a_whole_family_is_itself_alone() {
        assert!(has("p3", "p3.2xlarge") && !has("p3", "p3dn.24xlarge"));
        assert!(has("gr6", "gr6.4xlarge") && !has("gr6", "g6.xlarge"));
        assert!(has("gr", "gr6.4xlarge"));
    }

    #[test]
    fn nothing_asked_is_nothing() {
        for name in ["p2.xlarge", "m5.xlarge", "", ".", "p", "c5.xlarge", "mac1.metal"] {
            assert!(!has("", name) && !has("t", name), "{name}");
        }
    }
}
