//! Which module may import which.

/// A module below `src/`, and what it imports of ours beside itself.
type Module = (&'static str, &'static [&'static str]);

/// The layers from the lowest on: what a module imports stands in its own layer or in one before
/// it.
pub(super) const LAYERS: [(&str, &[Module]); 5] = [
    (
        "core",
        &[
            ("chart", &["domain"]),
            ("domain", &[]),
            ("features", &[]),
            ("hex", &[]),
            ("json", &["domain", "wire"]),
            ("listener", &[]),
            ("policy", &[]),
            ("random", &[]),
            ("token", &["domain"]),
            ("verdict", &["domain"]),
            ("wire", &["domain"]),
        ],
    ),
    (
        "state",
        &[
            ("fixtures", &["domain", "package", "wire"]),
            ("institutions", &["domain", "fixtures", "hex", "journal", "metrics", "random", "store", "tasks"]),
            ("journal", &["domain", "store", "verdict", "wire"]),
            ("metrics", &["domain", "journal", "store"]),
            ("package", &["domain", "hex"]),
            ("store", &["domain"]),
            ("tasks", &[]),
            ("tls", &["domain", "random"]),
        ],
    ),
    (
        "application",
        &[
            ("answers", &["domain", "fixtures", "journal", "wire"]),
            (
                "app",
                &[
                    "answers",
                    "domain",
                    "fixtures",
                    "hex",
                    "institutions",
                    "journal",
                    "package",
                    "policy",
                    "random",
                    "store",
                    "tasks",
                    "tls",
                    "token",
                    "verdict",
                    "wire",
                ],
            ),
        ],
    ),
    (
        "transports",
        &[
            (
                "http",
                &[
                    "answers",
                    "app",
                    "chart",
                    "domain",
                    "features",
                    "fixtures",
                    "hex",
                    "institutions",
                    "journal",
                    "json",
                    "linkage",
                    "listener",
                    "metrics",
                    "package",
                    "policy",
                    "store",
                    "tasks",
                    "tls",
                    "token",
                    "verdict",
                    "wire",
                ],
            ),
            ("linkage", &["answers", "app", "domain", "fixtures", "hex", "institutions", "journal", "store", "wire"]),
        ],
    ),
    (
        "edges",
        &[
            (
                "cli",
                &[
                    "app",
                    "config",
                    "domain",
                    "fixtures",
                    "hex",
                    "institutions",
                    "json",
                    "listener",
                    "random",
                    "server",
                    "store",
                    "terminal",
                    "tls",
                    "verdict",
                ],
            ),
            ("clock", &[]),
            ("config", &["domain", "institutions", "linkage", "listener", "policy", "push", "store", "verdict", "wire"]),
            ("main", &["cli", "clock"]),
            ("push", &["domain", "features", "institutions", "store"]),
            (
                "server",
                &[
                    "app",
                    "config",
                    "domain",
                    "fixtures",
                    "hex",
                    "http",
                    "institutions",
                    "linkage",
                    "listener",
                    "package",
                    "policy",
                    "push",
                    "random",
                    "store",
                    "tls",
                    "token",
                ],
            ),
            ("terminal", &["domain", "hex", "json", "linkage", "random", "wire"]),
        ],
    ),
];

/// What the server, and nobody else, imports of `http`: the one entry for whoever wires the parts.
pub(super) const ENTRY: [&str; 4] = ["Listeners", "Parts", "Port", "interface"];
