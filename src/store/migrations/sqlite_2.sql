-- What is to be sent out, each row by one way; it goes once it was delivered.
CREATE TABLE outbox (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    way TEXT NOT NULL,
    due BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX outbox_by_due ON outbox (way, due, number);
