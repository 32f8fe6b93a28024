-- One-time codes for signing in to the console: the hash of each, and when it expires (milliseconds by the machine's clock).
CREATE TABLE console_codes (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    hash TEXT NOT NULL UNIQUE,
    expires BIGINT NOT NULL
);

-- Sessions of the console: the hash of each one's id, and the hash of the control token that was valid at the sign-in.
CREATE TABLE console_sessions (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    hash TEXT NOT NULL UNIQUE,
    token_hash TEXT NOT NULL,
    expires BIGINT NOT NULL
);

-- Pictures of screens, by the number of the observation that each belongs to.
CREATE TABLE screenshots (
    institution TEXT NOT NULL,
    number BIGINT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (institution, number)
);
