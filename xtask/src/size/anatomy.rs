//! What the bytes of a WebAssembly module are.

use std::collections::BTreeMap;

use anyhow::Result;
use rustc_demangle::demangle;
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

/// Functions of one crate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    /// How many.
    pub(super) functions: usize,
    /// Bytes of their bodies.
    pub(super) bytes: usize,
}

/// Bytes of a module by section, and of its code by crate.
#[derive(Debug, Default)]
pub(super) struct Anatomy {
    /// Bytes of each section.
    pub(super) sections: BTreeMap<String, usize>,
    /// The code of each crate, by the name of the function's own crate.
    pub(super) crates: BTreeMap<String, Share>,
}

impl Anatomy {
    /// Takes a module apart. Its code can be told by crate only where it has the section `name`.
    pub(super) fn of(module: &[u8]) -> Result<Self> {
        let mut anatomy = Self::default();
        let mut imported = 0;
        let mut bodies = Vec::new();
        let mut names = BTreeMap::new();
        for payload in Parser::new(0).parse_all(module) {
            let payload = payload?;
            if let Some((id, range)) = payload.as_section() {
                *anatomy.sections.entry(section_name(id, &payload)).or_default() += range.len();
            }
            match payload {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionEntry(body) => bodies.push(body.range().len()),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(subsections) = section.as_known() {
                        for subsection in subsections {
                            let Name::Function(functions) = subsection? else { continue };
                            for function in functions {
                                let function = function?;
                                names.insert(function.index as usize, function.name);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        for (index, bytes) in bodies.into_iter().enumerate() {
            let name = names.get(&(imported + index)).map_or(String::new(), |name| demangle(name).to_string());
            let share = anatomy.crates.entry(crate_of(&name).to_owned()).or_default();
            share.functions += 1;
            share.bytes += bytes;
        }
        Ok(anatomy)
    }

    /// The crates with the most code, largest first.
    pub(super) fn largest(&self, count: usize) -> Vec<(&str, Share)> {
        let mut crates: Vec<_> = self.crates.iter().map(|(name, &share)| (name.as_str(), share)).collect();
        crates.sort_by_key(|&(_, share)| std::cmp::Reverse(share.bytes));
        crates.truncate(count);
        crates
    }

    /// Bytes of all code.
    pub(super) fn code(&self) -> usize {
        self.crates.values().map(|share| share.bytes).sum()
    }
}

fn section_name(id: u8, payload: &Payload<'_>) -> String {
    match (id, payload) {
        (0, Payload::CustomSection(section)) => format!("custom `{}`", section.name()),
        (10, _) => "code".to_owned(),
        (11, _) => "data".to_owned(),
        (9, _) => "table of indirect calls".to_owned(),
        _ => "types, imports, exports, globals".to_owned(),
    }
}

/// The crate of a function, by its demangled name: `<burn_flex::Flex as burn_backend::Ops>::add::h1f` is of `burn_flex`.
fn crate_of(name: &str) -> &str {
    let mut rest = name;
    loop {
        let start = rest.trim_start_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let end = start.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(start.len());
        let (word, after) = start.split_at(end);
        match word {
            "" => return "other",
            "dyn" | "mut" | "const" | "impl" => rest = after,
            // v0 names tell one version of a crate from another: `core[1f2e]::fmt`.
            _ if after.starts_with("::") || after.starts_with('[') => return word,
            _ => return "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_belong_to_the_crate_that_they_are_written_in() {
        for (name, expected) in [
            ("burn_flex::ops::matmul::h0123456789abcdef", "burn_flex"),
            ("<burn_flex::Flex as burn_backend::Ops>::add::h1f", "burn_flex"),
            ("<&mut dyn serde::de::Visitor as core::fmt::Debug>::fmt", "serde"),
            ("core[5e1f]::ptr::drop_in_place::<alloc[2a]::string::String>", "core"),
            ("memcpy", "other"),
            ("", "other"),
        ] {
            assert_eq!(crate_of(name), expected, "{name}");
        }
    }

    /// A module of one function, `a::f`, whose body is two bytes long.
    const MODULE: &[u8] = b"\0asm\x01\0\0\0\
        \x01\x04\x01\x60\0\0\
        \x03\x02\x01\0\
        \x0a\x04\x01\x02\0\x0b\
        \0\x0e\x04name\x01\x07\x01\0\x04a::f";

    #[test]
    fn a_module_is_taken_apart() {
        let anatomy = Anatomy::of(MODULE).unwrap();
        assert_eq!(anatomy.largest(5), [("a", Share { functions: 1, bytes: 2 })]);
        assert_eq!(anatomy.code(), 2);
        assert_eq!(anatomy.sections["code"], 4);
        assert!(anatomy.sections.contains_key("custom `name`"));
        assert!(Anatomy::of(&MODULE[..20]).is_err());
    }
}
