-- A row of the journal holds the entries that were written at once, a line each.
ALTER TABLE journal ADD COLUMN entries BIGINT NOT NULL DEFAULT 1;
DROP INDEX journal_by_institution;
CREATE INDEX journal_by_institution ON journal (institution, number, making, entries, size);
