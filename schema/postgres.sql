-- The table of Palisade's lists, for PostgreSQL. To apply it to Kamailio's database, as the user that Kamailio uses:
--
--   psql -U kamailio kamailio -f schema/postgres.sql
--
--   modparam("palisade", "db_url", "postgres://kamailio:password@localhost/kamailio")

CREATE TABLE IF NOT EXISTS version (
    id SERIAL PRIMARY KEY NOT NULL,
    table_name VARCHAR(32) NOT NULL,
    table_version INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT version_table_name_idx UNIQUE (table_name)
);

CREATE TABLE IF NOT EXISTS palisade_list (
    id SERIAL PRIMARY KEY NOT NULL,
    name VARCHAR(32) NOT NULL,        -- the list, name= of the parameter
    value VARCHAR(255) NOT NULL,      -- 192.0.2.0/24, friendly-scanner, prefix:sip
    matching VARCHAR(8),              -- exact, prefix, suffix, contains, regex; NULL: as the list says
    until BIGINT,                     -- seconds since 1970 from which on it no longer counts; NULL: never
    comment VARCHAR(255),
    CONSTRAINT palisade_list_value_idx UNIQUE (name, value)
);

DELETE FROM version WHERE table_name = 'palisade_list';
INSERT INTO version (table_name, table_version) VALUES ('palisade_list', 1);
