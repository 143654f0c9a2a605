-- The table of Palisade's lists, for MySQL and MariaDB. To apply it to Kamailio's database:
--
--   mysql kamailio < schema/mysql.sql
--
--   modparam("palisade", "db_url", "mysql://kamailio:password@localhost/kamailio")

CREATE TABLE IF NOT EXISTS `version` (
    `id` INT(10) UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL,
    `table_name` VARCHAR(32) NOT NULL,
    `table_version` INT UNSIGNED DEFAULT 0 NOT NULL,
    CONSTRAINT table_name_idx UNIQUE (`table_name`)
);

CREATE TABLE IF NOT EXISTS `palisade_list` (
    `id` INT(10) UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL,
    `name` VARCHAR(32) NOT NULL,      -- the list, name= of the parameter
    `value` VARCHAR(255) NOT NULL,    -- 192.0.2.0/24, friendly-scanner, prefix:sip
    `matching` VARCHAR(8),            -- exact, prefix, suffix, contains, regex; NULL: as the list says
    `until` BIGINT,                   -- seconds since 1970 from which on it no longer counts; NULL: never
    `comment` VARCHAR(255),
    CONSTRAINT palisade_list_value_idx UNIQUE (`name`, `value`)
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

DELETE FROM `version` WHERE `table_name` = 'palisade_list';
INSERT INTO `version` (`table_name`, `table_version`) VALUES ('palisade_list', 1);
