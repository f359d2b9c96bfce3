//! Which instance types were asked for.

use crate::catalog::is_of_families;

/// Series, families and types as asked: `p`, `g4dn`, `p3.2xlarge`.
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

    /// Whether one of them begins like a type that begins so: a look at one byte before the whole name.
    pub(super) fn may_begin(&self, byte: u8) -> bool {
        self.0.iter().any(|asked| asked.as_bytes().first() == Some(&byte.to_ascii_lowercase()))
    }

    /// Whether a type is of one of them. What AWS would not call a type is not.
    pub(super) fn has(&self, instance_type: &str) -> bool {
        instance_type.bytes().all(is_type_byte) && is_of_families(&self.0, instance_type)
    }
}

/// What a type's name is written with: `p6-b200.48xlarge`.
pub(super) const fn is_type_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(asked: &str, instance_type: &str) -> bool {
        let asked: Vec<String> = asked.split(',').map(str::to_owned).collect();
        Families::new(&asked).has(instance_type)
    }

    #[test]
    fn families_are_taken_as_people_write_them() {
        for name in ["p2.xlarge", "p3dn.24xlarge", "p5en.48xlarge", "p6-b200.48xlarge", "p6e-gb200.36xlarge"] {
            assert!(has("p", name) && has("g, P", name) && !has("g", name), "{name}");
        }
        assert!(has("g", "gr6.4xlarge") && has("p3.2xlarge", "p3.2xlarge") && !has("p3", "p3dn.24xlarge"));
    }

    #[test]
    fn what_cannot_begin_so_is_of_none() {
        let of = |asked: &str| Families::new(&asked.split(',').map(str::to_owned).collect::<Vec<_>>());
        let asked = [of("p"), of("g"), of("p3,g4dn"), of("p3.2xlarge"), of("trn,inf2")];
        for name in ["p3.2xlarge", "p2.xlarge", "gr6.4xlarge", "g4dn.xlarge", "c5.large", "trn1.2xlarge", "inf2.xlarge"]
        {
            for families in &asked {
                assert!(families.may_begin(name.as_bytes()[0]) || !families.has(name), "{name} {families:?}");
            }
        }
        assert!(!of("p,g").may_begin(b'c'));
    }

    #[test]
    fn what_is_no_type_is_of_no_family() {
        for name in ["", ".", "p3\".2xlarge", "p3,2", "p3 .2xlarge"] {
            assert!(!has("p", name) && !has("", name), "{name}");
        }
    }
}
