//! Attacks and names.

use super::*;

/// What the recipes of Homer and secfilter catch, what tools send, and the same in disguise.
const ATTACKS: &[&str] = &[
    // sippts, svcrack lists, and the papers about SQL injection into SIP proxies.
    "' or 1=1--",
    "' OR '1'='1",
    "a' or 1=1--@x",
    "admin'--",
    "admin' --",
    "admin'#",
    "admin'/*",
    "admin';",
    "' or ''='",
    "'=''or'",
    "x' or 'x'='x",
    "100' or '1'='1' --",
    "') or ('1'='1",
    "')) or (('x'='x",
    "alice' and 1=2 union select 1,2,3--",
    "alice';Update subscriber set first_name='malicious' where username='alice'--",
    "bob'; delete from subscriber; --",
    "x'; drop table subscriber--",
    "1'; exec master..xp_cmdshell 'ping 192.0.2.1'--",
    "1;select pg_sleep(5)",
    "' union select username, password from subscriber#",
    "' UNION/**/SELECT/**/1",
    "'/**/or/**/1=1",
    "'or(1)=(1)",
    "'||'a'='a",
    "'||(select 1)||'",
    "'+'",
    "a'like'a",
    "a' like '%",
    "a' is null or 'a'='",
    "a' group by 1--",
    "a' order by 5-- -",
    "a' having 1=1--",
    "a' into outfile '/tmp/x'--",
    "a' and sleep(5)#",
    "a' and extractvalue(1,concat(0x7e,version()))",
    "a' or not exists(select 1)",
    "a','b'",
    "a''b",
    "\\' or 1=1",
    "alice\\'",
    "\u{201c}a' or 1=1",
    // Quotes that are no names.
    "'",
    "''",
    "1'",
    "100'",
    "100' or",
    "a'-0-'b",
    "a'-(ascii(mid(password,1,1))=115)-'b",
    "a'%1%'b",
    "a'&0&'b",
    "a' + 0 + 'b",
    "id--",
    "id-- x",
    "true--",
    "username-- ",
    "1-ascii(password)",
    "1'2'3",
    "6'2' or '1'='1",
    "6'2 or 1=1",
    "5' 10\" or \"1\"=\"1",
    "room 5\" or 1=1",
    "5\"",
    "1 or true--",
    "true or x-- y",
    "-1' ",
    "\"",
    "admin\"",
    "admin\" or \"1\"=\"1",
    "'or'",
    "`",
    "admin`",
    "1'\"(),..",
    // Encoded once and twice, in either case, and half.
    "%27",
    "100%27",
    "admin%27--",
    "admin%27%20or%201%3D1--",
    "admin%27+or+1=1",
    "%27%20OR%20%271%27=%271",
    "%2527%20or%201=1",
    "admin%2527--",
    "admin%2527%2520oR%25201%253d1",
    "%22",
    "admin%22",
    "admin%2522%20or%201",
    "%60",
    "admin%60",
    "admin%2560",
    "a%27%2f%2a%2a%2for%2f%2a%2a%2f1%3d1",
    "a%EF%BC%87 or 1=1",
    "%00' or 1=1",
    "a'%0aor%0a1=1",
    "a'%09or%091=1",
    "a'%a0or%a01=1",
    // MySQL takes every name for zero.
    "alice'-0#",
    "alice'+0#",
    "alice'%1#",
    "alice'&0#",
    "alice'/1#",
    "alice'-0;%00",
    "alice'-0;",
    "alice'-0/*",
    "a'-~0#",
    "a'-0 limit 1#",
    "a'-1 order by 1#",
    "a'-username#",
    "a'-username-'b",
    "a'-length(password)-'b",
    "a'-x'",
    "a'-b'0",
    "a'-n'0",
    "a'-binary'",
    "a'+d'x'-0-'",
    "x' isnull or not 'a",
    "x' notnull or 'a",
    "x' collate nocase or not 'a",
    "x' sounds like 'a",
    "x' ilike 'a",
    "x' similar to 'a",
    "x' glob 'a",
    "x' procedure analyse()#",
    "x' for update#",
    // Without a quote: where a name is taken for a number.
    "1 or id",
    "1 or not x",
    "1 or 1",
    "1 or 1 is true",
    "1 or 1 in (1)",
    "1 or 1 between 0 and 2",
    "1||1",
    "1 || id",
    "1&&sleep",
    "1 or ~0",
    "1 or-1",
    "1 or !0",
    "1 or 0x1",
    "1) or (1",
    "-1 xor 1",
    "not x -- y",
    "binary x-- ",
    "100 or 1=1",
    "100+or+1=1",
    "100%20and%201%3D2",
    "1 having 1=1",
    "100--",
    "100-- ",
    "100--+",
    "100 -- -",
    "-1 union select 1",
    "-1+union+all+select+null",
    "1;drop table subscriber",
    "1/**/or/**/2>1",
    "sleep(5)",
    "1 and sleep(5)",
    "if(1=1,benchmark(1000000,md5(1)),0)",
    "(select password from subscriber)",
    "select * from subscriber",
    "insert into subscriber values (1)",
    "delete from location",
    "drop table subscriber",
    "1 waitfor delay",
    "char(39)",
    "1 from information_schema.tables",
];

/// Names, numbers, service codes and parameters of phones that are what they say.
const NAMES: &[&str] = &[
    "",
    "citta'-dell'aria",
    "nicolo'-d'angelo",
    "nicolo'+d'angelo",
    "universita'/dipartimento-d'arte",
    "papa'&l'amico",
    "citta', via dell'arte",
    "citta%27%2C%20via%20dell%27arte",
    "boys'-girls'",
    "boys'/girls'",
    "boys' & girls'",
    "students' + teachers'",
    "niccolo'/perche'",
    "citta'-nord;phone-context=+39",
    "toys' for tots",
    "main lobby -- front",
    "main lobby--",
    "lobby -- front",
    "2 or more",
    "24 and 7",
    "5 and 6 boxes",
    "1 or 2 boxes",
    "1st or 2nd",
    "100&200",
    "a|b",
    "a||b",
    "a&&b",
    "6'2",
    "6'2\"",
    "5' 10\"",
    "5%27%2010%22",
    "room 5\"",
    "test--",
    "lobby-- front",
    "Test--",
    "alice",
    "100",
    "Alice.Smith",
    "john.doe+sip",
    "+4930123456",
    "0049-30-123456",
    "+1-212-555-0101",
    "+1(212)555-0101",
    "(650)555-1212",
    "1-800-select",
    "+49 30 123456",
    "%2B4930123456",
    "*31#",
    "#31#",
    "*31#+4930123456",
    "%2331%23030123456",
    "*72%2B4930123456",
    "**21*030123456#",
    "*#06#",
    "##002#",
    "*8%23",
    "1234;phone-context=+49",
    "1234;phone-context=example.com",
    "+358-555-1234567;postd=pp22",
    "+4930123456;isub=1411",
    "+4930123456;ext=12;isub=2",
    "+4930123456;npdi;rn=+49199",
    "alice;day=tuesday",
    "alice;opaque=app:conf:focus:id=1",
    "o'brien",
    "O'Brien",
    "o%27brien",
    "O%2527Brien",
    "d'arcy",
    "jean.d'or",
    "cote-d'or",
    "cote-d'or-rouge",
    "bijoux%20d'or%2018%20carats",
    "l'union%20locale",
    "l'order",
    "hotel-d'angleterre",
    "t'ai-chi",
    "rock'n'roll",
    "nicolo'",
    "universita'.roma",
    "'s-gravenhage",
    "'t-hooft",
    "o'neil(home)",
    "o'connor;phone-context=+353",
    "l'&co",
    "o\u{2019}brien",
    "%E2%80%99",
    "m\u{fc}ller",
    "m%C3%BCller",
    "%e5%90%8d%e5%89%8d",
    "\"alice\"",
    "%22alice%22",
    "a--b",
    "caller--id",
    "--",
    "----",
    "-",
    "anonymous",
    "restricted",
    "unavailable",
    "user%40example.com",
    "sip%3Auser%40example.com",
    "alice%20smith",
    "alice%20and%20bob",
    "sales+and+support",
    "select",
    "union",
    "credit.union",
    "select-comfort",
    "drop.table",
    "order-by-phone",
    "table",
    "sleep",
    "from",
    "update",
    "AT&T",
    "service!a",
    "$100",
    "%24100",
    "a=b",
    "YWxpY2U=",
    "dGVzdA==",
    "gk-1/100",
    "*1/*2",
    "a/b",
    "~alice",
    "alice_1",
    "null-%00-null",
    "%00%00",
    "%",
    "100%",
    "50%25",
    "%zz",
    "%2",
    "[::1]",
    "%5B::1%5D",
    "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*",
    "gsm+49-30",
    "x-1--2-y",
];

#[test]
fn attacks_hold_sql() {
    for attack in ATTACKS {
        assert!(holds(attack.as_bytes()), "{attack}");
        let upper = attack.to_ascii_uppercase();
        assert!(holds(upper.as_bytes()), "{upper}");
    }
}

#[test]
fn names_hold_none() {
    for name in NAMES {
        assert!(!holds(name.as_bytes()), "{name}");
    }
}

#[test]
fn every_attack_is_found_encoded_once_and_twice() {
    let encode =
        |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02x}")).collect() };
    for attack in ATTACKS {
        // What is encoded already would be so three times.
        let times = match attack {
            _ if attack.contains("%25") => 0,
            _ if attack.contains('%') => 1,
            _ => 2,
        };
        let mut text = (*attack).to_owned();
        for _ in 0..times {
            text = encode(&text);
            assert!(holds(text.as_bytes()), "{attack}: {text}");
        }
    }
}

#[test]
fn no_length_hides_an_attack() {
    for before in [400, 500, 511, 512, 1000, 1023, 1024, 5000, 60_000] {
        for attack in ["' or 1=1--", "%27%20or%20'a'='a", "\""] {
            let text = "a".repeat(before) + attack;
            assert!(holds(text.as_bytes()), "{before} and {attack}");
            assert!(holds((text + &"b".repeat(3000)).as_bytes()), "{before}");
        }
        assert!(!holds(&b"a".repeat(before)));
        assert!(!holds(&b"%41".repeat(before)));
    }
}

proptest::proptest! {
    #[test]
    fn a_number_holds_none(number in r"[+*#]{0,2}([ *#.()-]?[0-9]){1,20}#?(;[a-z-]{1,12}=[+0-9a-z.]{1,12})?") {
        proptest::prop_assert!(!holds(number.as_bytes()), "{number}");
    }

    #[test]
    fn neither_case_nor_encoding_makes_a_difference(text in r"([ -$&-~]|'|--|or|union|select|/\*|=){0,30}") {
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let found = holds(text.as_bytes());
        proptest::prop_assert_eq!(found, holds(encoded.as_bytes()));
        proptest::prop_assert_eq!(found, holds(text.to_ascii_uppercase().as_bytes()));
    }

    #[test]
    fn a_plain_text_holds_none(text: Vec<u8>) {
        proptest::prop_assert!(!is_plain(&text) || !is_sql(Window::read(&text).as_bytes()));
    }
}
