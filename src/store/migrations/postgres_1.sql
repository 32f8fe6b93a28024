CREATE TABLE institutions (
    code TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    login TEXT NOT NULL,
    terminals TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX institutions_by_expiry ON institutions (expires);
CREATE INDEX institutions_by_login ON institutions (login);
CREATE INDEX institutions_by_terminals ON institutions (code, deleted, terminals);

CREATE TABLE journal (
    number BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    institution TEXT NOT NULL,
    making TEXT NOT NULL,
    size BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX journal_by_institution ON journal (institution, number, making, size);

CREATE TABLE evictions (
    institution TEXT NOT NULL,
    making TEXT NOT NULL,
    entries BIGINT NOT NULL,
    PRIMARY KEY (institution, making)
);

CREATE TABLE notes (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
