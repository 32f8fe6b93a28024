//! Circles of imports between files. What a directory's `mod.rs` and the files below it import of
//! each other is none: they implement parts of one thing.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::{Path, Tree};

type Imports = BTreeMap<Path, BTreeSet<Path>>;

/// The circles of a tree, each as the modules in it.
pub(super) fn circles(tree: &Tree) -> Vec<BTreeSet<Path>> {
    let imports: Imports = tree.modules().map(|(module, _)| (module.clone(), tree.imports(module))).collect();
    components(&imports).into_iter().flat_map(|knot| without_parents(knot, &imports)).collect()
}

/// Sets of modules each of which reaches all others.
fn components(imports: &Imports) -> BTreeSet<BTreeSet<Path>> {
    let reached: BTreeMap<&Path, BTreeSet<&Path>> = imports.keys().map(|from| (from, reached(from, imports))).collect();
    let both_ways = |one: &Path| reached[one].iter().filter(|other| reached[**other].contains(one)).map(|other| (*other).clone()).collect();
    imports.keys().map(both_ways).filter(|knot: &BTreeSet<Path>| !knot.is_empty()).collect()
}

fn reached<'a>(from: &Path, imports: &'a Imports) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Path> = imports[from].iter().collect();
    while let Some(next) = open.pop() {
        if let Some((next, behind)) = imports.get_key_value(next)
            && reached.insert(next)
        {
            open.extend(behind);
        }
    }
    reached
}

/// Of modules that all lie below one of them, the circles that are left where none imports what is
/// above it; else the modules themselves.
fn without_parents(knot: BTreeSet<Path>, imports: &Imports) -> BTreeSet<BTreeSet<Path>> {
    let top = knot.iter().min_by_key(|module| module.len()).expect("a circle has modules");
    if !knot.iter().all(|module| module.starts_with(top)) {
        return BTreeSet::from([knot]);
    }
    let downwards = |module: &Path| {
        let others = imports[module].iter().filter(|other| knot.contains(*other) && !module.starts_with(other));
        (module.clone(), others.cloned().collect())
    };
    components(&knot.iter().map(downwards).collect())
}
