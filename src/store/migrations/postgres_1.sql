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

-- A row of the journal holds the entries that were written at once, a line each.
CREATE TABLE journal (
    number BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    institution TEXT NOT NULL,
    making TEXT NOT NULL,
    entries BIGINT NOT NULL,
    size BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX journal_by_institution ON journal (institution, number, making, entries, size);

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

-- Tells every process which institution was changed, made or deleted, once that is committed.
CREATE FUNCTION onshi_mock_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('onshi_mock_changed', COALESCE(NEW.code, OLD.code));
    RETURN NULL;
END
$$;
CREATE TRIGGER institutions_tell AFTER INSERT OR UPDATE OR DELETE ON institutions FOR EACH ROW EXECUTE FUNCTION onshi_mock_tell();

-- The processes that run on this database: when each was last seen by the database's clock, and the last wish to write its journals that it met.
CREATE TABLE processes (
    id TEXT NOT NULL PRIMARY KEY,
    seen TIMESTAMPTZ NOT NULL,
    flushed BIGINT NOT NULL
);
CREATE SEQUENCE flushes;

-- What is to be sent out, each row by one way; it goes once it was delivered.
CREATE TABLE outbox (
    number BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    way TEXT NOT NULL,
    due BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX outbox_by_due ON outbox (way, due, number);
