//! What reads imports and finds circles, met with sources made up for it.

use std::collections::BTreeSet;

use super::circles::circles;
use super::imports::{Path, Tree};

fn path(text: &str) -> Path {
    text.split("::").map(str::to_owned).collect()
}

fn imports(sources: &[(&str, &str)], module: &str) -> Vec<String> {
    Tree::of(sources.iter().copied()).imports(&path(module)).iter().map(|module| module.join("::")).collect()
}

fn found(sources: &[(&str, &str)]) -> Vec<BTreeSet<Path>> {
    circles(&Tree::of(sources.iter().copied()))
}

#[test]
fn every_way_to_write_a_path_is_read() {
    let others =
        [("a/mod.rs", ""), ("a/one.rs", ""), ("a/two.rs", ""), ("b.rs", ""), ("c/mod.rs", ""), ("c/d/mod.rs", ""), ("c/d/e.rs", "")];
    for (name, module, text, read) in [
        ("a/x.rs", "a::x", "use crate::b::B;", vec!["b"]),
        ("a/x.rs", "a::x", "use super::one::One;", vec!["a::one"]),
        ("a/x.rs", "a::x", "use super::A;", vec!["a"]),
        ("a/x.rs", "a::x", "use super::{self, one::One, two::{Two, Other as O}};", vec!["a::one", "a::two"]),
        ("a/x.rs", "a::x", "use crate::{\n    b::*, // all of it\n    c::d,\n};\nfn f() { d::e::g() }", vec!["b", "c::d::e"]),
        ("a/x.rs", "a::x", "fn f() -> super::super::b::B { crate::c::d::D::new() }", vec!["b", "c::d"]),
        ("c/x.rs", "c::x", "use self::super::d::D; use crate::a as other; const A: u8 = other::two::A;", vec!["a::two", "c::d"]),
        ("x.rs", "x", "impl Iterator<Item = u8> + use<'_>; fn f(c: char) { c == '\"' || c == '\\'' } use crate::b::B;", vec!["b"]),
        ("x.rs", "x", "use serde::Serialize; use std::fmt::{self, Display}; fn f() { fmt::a() }", vec![]),
        (
            "x.rs",
            "x",
            "/// [`crate::b`]\nconst B: &str = \"crate::b::B \\\" crate::b\"; const R: &str = r#\"\"crate::b::B\"#; /* crate::b::B */",
            vec![],
        ),
        ("x.rs", "x", "#[cfg(test)]\nuse crate::b::B;\n#[cfg(test)]\nmod tests { use crate::b::B; }\nuse crate::a::A;", vec!["a"]),
    ] {
        let mut sources = others.to_vec();
        sources.push((name, text));
        assert_eq!(imports(&sources, module), read, "{text}");
    }
}

#[test]
fn a_child_is_imported_by_its_bare_name() {
    assert_eq!(imports(&[("a/mod.rs", "mod x;\nuse x::X;\nfn f() { y::f() }"), ("a/x.rs", ""), ("a/y.rs", "")], "a"), ["a::x", "a::y"]);
}

#[test]
fn what_is_exported_again_counts_for_the_file_that_defines_it() {
    let sources = [
        ("a/mod.rs", "pub use x::{X, inner as outer};\npub use crate::b::B;"),
        ("a/x.rs", "pub use super::y::inner;"),
        ("a/y.rs", ""),
        ("b.rs", ""),
        ("c.rs", "use crate::a::{X, B, outer, Own};"),
        ("d.rs", "use crate::a; fn f() { a::outer::f() }"),
    ];
    assert_eq!(imports(&sources, "c"), ["a", "a::x", "a::y", "b"]);
    assert_eq!(imports(&sources, "d"), ["a::y"]);
    assert_eq!(imports(&sources, "a"), [""; 0], "to export is not to import");
}

#[test]
fn a_circle_is_found_however_its_paths_are_written() {
    let two = [("a/mod.rs", ""), ("a/x.rs", "use super::y::Y;"), ("a/y.rs", "fn f() { super::x::f() }")];
    assert_eq!(found(&two), [BTreeSet::from([path("a::x"), path("a::y")])], "siblings, by super");
    let across = [("a/mod.rs", ""), ("a/x.rs", "use crate::b::B;"), ("b/mod.rs", "use c::C;"), ("b/c.rs", "use super::super::a::x::X;")];
    assert_eq!(found(&across).len(), 1, "across directories");
    let through = [("a/mod.rs", "pub use x::X; use crate::b::B; struct A;"), ("a/x.rs", "use super::A;"), ("b.rs", "use crate::a::X;")];
    assert_eq!(found(&through).len(), 1, "through a parent");
    let beside = [("a/mod.rs", "use x::X; struct A;"), ("a/x.rs", "use super::{A, y::Y};"), ("a/y.rs", "use super::x::X;")];
    assert_eq!(found(&beside).len(), 1, "a parent excuses no circle of its children");
}

#[test]
fn a_parent_and_its_children_are_no_circle() {
    let thing = [("a/mod.rs", "use x::X; struct A;"), ("a/x.rs", "use super::{A, y::Y};"), ("a/y.rs", "use super::A;")];
    assert!(found(&thing).is_empty());
    let line = [("a.rs", "use crate::b::B;"), ("b.rs", "use crate::c::C;"), ("c.rs", "")];
    assert!(found(&line).is_empty());
}
