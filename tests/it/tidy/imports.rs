//! Which file imports which, read from source text: `crate::`, `super::` and `self::` paths and
//! those that begin with a child module or an imported one, in `use` groups and in bodies. A name
//! that a module exports again counts for the file that defines it.

use std::collections::{BTreeMap, BTreeSet};

/// A path below the crate: the names of modules, then perhaps of something in the last.
pub(super) type Path = Vec<String>;

/// The files of a crate, by their module.
pub(super) struct Tree {
    files: BTreeMap<Path, File>,
}

struct File {
    name: String,
    /// What `use` brings in, as it is called here.
    used: Vec<Used>,
    /// Other paths in the text that begin with `crate`, `super` or `self`, or with a name that may
    /// be a module's.
    paths: Vec<Path>,
    /// Every name in the text beside its `use` declarations.
    names: BTreeSet<String>,
}

struct Used {
    path: Path,
    name: String,
    exported: bool,
}

impl Tree {
    /// Of sources, each with its name below `src`, such as `http/app.rs`.
    pub(super) fn of<'a>(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let files = sources.into_iter().map(|(name, text)| (module(name), File::read(name, text)));
        Self { files: files.collect() }
    }

    /// The modules of all files, and the files' names.
    pub(super) fn modules(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.files.iter().map(|(module, file)| (module, file.name.as_str()))
    }

    /// The paths that a file imports, as they are written, from the crate's root.
    pub(super) fn written(&self, module: &Path) -> BTreeSet<Path> {
        let file = &self.files[module];
        let used = file.used.iter().map(|used| &used.path);
        used.chain(&file.paths).filter_map(|path| self.absolute(module, path)).collect()
    }

    /// The modules whose files a file imports from.
    pub(super) fn imports(&self, module: &Path) -> BTreeSet<Path> {
        let file = &self.files[module];
        // A module that is imported is no import yet: what is named behind it is.
        let mut modules = BTreeMap::new();
        let mut imported = BTreeSet::new();
        for used in &file.used {
            let Some(path) = self.absolute(module, &used.path) else { continue };
            let (from, rest) = self.resolved(&path);
            if rest == 0 {
                modules.insert(used.name.as_str(), from);
            } else if !used.exported || file.names.contains(&used.name) {
                imported.insert(from);
            }
        }
        for path in &file.paths {
            let behind = modules.get(path[0].as_str()).map(|known| [known, &path[1..]].concat());
            if let Some(path) = behind.or_else(|| self.absolute(module, path)) {
                imported.insert(self.resolved(&path).0);
            }
        }
        imported.retain(|other| other != module && !other.is_empty());
        imported
    }

    /// A path as it is written in a module, from the crate's root; none of another crate's.
    fn absolute(&self, module: &Path, path: &Path) -> Option<Path> {
        let upwards = path.iter().take_while(|name| matches!(name.as_str(), "self" | "super")).count();
        let supers = path[..upwards].iter().filter(|name| *name == "super").count();
        match path.first()?.as_str() {
            "crate" | "onshi_mock" => Some(path[1..].to_vec()),
            "self" | "super" => Some([&module[..module.len().checked_sub(supers)?], &path[upwards..]].concat()),
            child => {
                let inside = [module.as_slice(), &[child.to_owned()]].concat();
                self.files.contains_key(&inside).then(|| [module.as_slice(), path].concat())
            }
        }
    }

    /// The module that defines what a path names, and how many names are left behind the module.
    fn resolved(&self, path: &Path) -> (Path, usize) {
        let mut path = path.clone();
        // More hops than any real chain of exports has: two that name each other end, too.
        for _ in 0..16 {
            let known = (0..=path.len()).rev().find(|length| self.files.contains_key(&path[..*length]));
            let length = known.unwrap_or_default();
            let next = path.get(length).and_then(|name| {
                let file = self.files.get(&path[..length])?;
                let used = file.used.iter().find(|used| used.name == *name)?;
                Some([self.absolute(&path[..length].to_vec(), &used.path)?.as_slice(), &path[length + 1..]].concat())
            });
            match next {
                Some(next) if next != path => path = next,
                _ => return (path[..length].to_vec(), path.len() - length),
            }
        }
        panic!("{path:?} is exported in a circle");
    }
}

impl File {
    fn read(name: &str, text: &str) -> Self {
        let tokens = without_tests(tokens(text));
        let mut file = Self { name: name.to_owned(), used: Vec::new(), paths: Vec::new(), names: BTreeSet::new() };
        let mut at = 0;
        while at < tokens.len() {
            // `use<…>` in a type's bounds follows a plus.
            if tokens[at] == "use" && (at == 0 || tokens[at - 1] != "+") {
                let end = (at..tokens.len()).find(|end| tokens[*end] == ";").unwrap_or(tokens.len());
                let exported = at > 0 && matches!(tokens[at - 1].as_str(), "pub" | ")");
                read_use(&tokens[at + 1..end], &[], exported, &mut file.used);
                at = end;
            } else if is_name(&tokens[at]) {
                let mut path = vec![tokens[at].clone()];
                while tokens.get(at + 1).is_some_and(|next| next == "::") && tokens.get(at + 2).is_some_and(|next| is_name(next)) {
                    at += 2;
                    path.push(tokens[at].clone());
                }
                file.names.insert(path[0].clone());
                if path.len() > 1 {
                    file.paths.push(path);
                }
            }
            at += 1;
        }
        file
    }
}

/// The module that a file is.
fn module(name: &str) -> Path {
    let path = name.trim_end_matches(".rs").trim_end_matches("/mod");
    if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// One tree of a `use` declaration.
fn read_use(tokens: &[String], before: &[String], exported: bool, used: &mut Vec<Used>) {
    let mut path = before.to_vec();
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].as_str() {
            "{" => {
                for branch in branches(&tokens[at + 1..tokens.len() - 1]) {
                    read_use(branch, &path, exported, used);
                }
                return;
            }
            "as" => break,
            "::" => {}
            // The module itself, in a group.
            "self" if !path.is_empty() => {}
            name => path.push(name.to_owned()),
        }
        at += 1;
    }
    let name = tokens.get(at + 1).or(path.last()).cloned().unwrap_or_default();
    used.push(Used { path, name, exported });
}

/// What stands between the commas of a group.
fn branches(tokens: &[String]) -> impl Iterator<Item = &[String]> {
    let mut depth = 0;
    let split = tokens.split(move |token| {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        depth == 0 && token == ","
    });
    split.filter(|branch| !branch.is_empty())
}

/// Without the items that only tests have.
fn without_tests(tokens: Vec<String>) -> Vec<String> {
    let mark = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut rest = tokens.as_slice();
    while let Some((token, behind)) = rest.split_first() {
        if rest.iter().take(mark.len()).eq(mark) {
            rest = behind_item(&rest[mark.len()..]);
        } else {
            kept.push(token.clone());
            rest = behind;
        }
    }
    kept
}

/// What follows the item at the beginning: it ends with a semicolon or with its braces.
fn behind_item(tokens: &[String]) -> &[String] {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 && matches!(token.as_str(), ";" | "}") {
            return &tokens[at + 1..];
        }
    }
    &[]
}

/// Names, `::` and single signs; without comments and the content of texts.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => text_length(rest),
            '\'' => char_length(rest),
            _ if raw_length(rest).is_some() => raw_length(rest).unwrap_or_default(),
            _ if first.is_whitespace() => first.len_utf8(),
            _ if first.is_alphanumeric() || first == '_' => {
                let end = rest.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(rest.len());
                tokens.push(rest[..end].to_owned());
                end
            }
            _ if rest.starts_with("::") => {
                tokens.push("::".to_owned());
                2
            }
            _ => {
                tokens.push(first.to_string());
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    tokens
}

/// Of a text in quotes.
fn text_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, next) in rest.char_indices().skip(1) {
        match next {
            '"' if !escaped => return at + 1,
            _ => escaped = next == '\\' && !escaped,
        }
    }
    rest.len()
}

/// Of a text such as `r#"…"#`.
fn raw_length(rest: &str) -> Option<usize> {
    let behind = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    let text = behind[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(rest.len() - text.len() + text.find(&end)? + end.len())
}

/// Of a character in quotes; of a lifetime only the sign.
fn char_length(rest: &str) -> usize {
    let inside = &rest[1..];
    let length = match inside.strip_prefix('\\') {
        Some(escaped) => {
            escaped.chars().next().map(|first| 1 + first.len_utf8() + escaped[first.len_utf8()..].find('\'').unwrap_or_default())
        }
        None => inside.chars().next().filter(|first| inside[first.len_utf8()..].starts_with('\'')).map(char::len_utf8),
    };
    length.map_or(1, |length| length + 2)
}
