//! The attacks that are tried by the tests' own phone, one after the other, each at a Kamailio that knows nothing yet.

use super::asterisk::Setting;
use super::caller::Attempt;

/// How often each is tried.
pub const TRIES: usize = 60;

pub const METHODS: [&str; 6] = [
    "REGISTER",
    "INVITE",
    "SUBSCRIBE",
    "MESSAGE",
    "OPTIONS",
    "PUBLISH",
];

#[derive(Clone)]
pub struct Attack {
    /// What is tried, and by which method.
    pub kind: String,
    pub method: &'static str,
    pub setting: Setting,
    pub tries: Vec<Attempt>,
    /// How many may be evaluated by Asterisk before it is found.
    pub limit: usize,
    /// What comes before, and succeeds.
    pub first: Option<Attempt>,
}

/// One more than the limits of examples/asterisk.cfg: that one is on its way when the limit is reached.
const PASSWORDS: usize = 3 + 1;
const USERS: usize = 10 + 1;
const NUMBERS: usize = 20 + 1;

pub fn all() -> Vec<Attack> {
    let mut all: Vec<Attack> = METHODS.map(passwords).into();
    for (user, what) in [
        ("104", "whose address is not allowed"),
        ("105", "whose Contact is not allowed"),
        ("106", "who may not register"),
        ("107", "who has another login"),
    ] {
        all.push(refused(user, what));
    }
    for password in [None, Some("guess")] {
        all.extend(METHODS.map(|method| users(method, password)));
        all.extend(["INVITE", "SUBSCRIBE", "OPTIONS"].map(|method| numbers(method, password)));
    }
    for method in ["INVITE", "SUBSCRIBE", "OPTIONS"] {
        all.push(dial(method, "that do not exist", "900", false));
    }
    all.push(dial("INVITE", "that are incomplete", "484", false));
    all.push(dial("INVITE", "that are barred", "0900", false));
    all.push(dial("INVITE", "that are barred", "0900", true));
    for method in ["INVITE", "OPTIONS"] {
        all.push(Attack {
            setting: Setting::Guests,
            ..numbers(method, None)
        });
    }
    for method in ["REGISTER", "INVITE", "SUBSCRIBE", "MESSAGE"] {
        for password in [None, Some("guess")] {
            all.push(Attack {
                setting: Setting::Telling,
                ..users(method, password)
            });
        }
    }
    all
}

fn attack(
    kind: String,
    method: &'static str,
    limit: usize,
    tries: impl Fn(usize) -> Attempt,
) -> Attack {
    Attack {
        kind,
        method,
        setting: Setting::Plain,
        tries: (0..TRIES).map(tries).collect(),
        limit,
        first: None,
    }
}

fn maybe(attempt: Attempt, password: Option<&str>) -> Attempt {
    match password {
        Some(password) => attempt.guess(password),
        None => attempt,
    }
}

fn how(password: Option<&str>) -> &'static str {
    match password {
        Some(_) => "with a guess",
        None => "without a password",
    }
}

fn passwords(method: &'static str) -> Attack {
    attack("passwords of a user".into(), method, PASSWORDS, |guess| {
        Attempt::new(method, "101", "600").guess(&format!("guess{guess}"))
    })
}

fn refused(user: &str, what: &str) -> Attack {
    let kind = format!("passwords of a user {what}");
    attack(kind, "REGISTER", PASSWORDS, |guess| {
        Attempt::new("REGISTER", user, "").guess(&format!("guess{guess}"))
    })
}

fn users(method: &'static str, password: Option<&str>) -> Attack {
    let kind = format!("users, {}", how(password));
    attack(kind, method, USERS, |number| {
        let user = format!("9{number:02}");
        maybe(Attempt::new(method, &user, "600"), password)
    })
}

fn numbers(method: &'static str, password: Option<&str>) -> Attack {
    let kind = format!("numbers, {}", how(password));
    attack(kind, method, NUMBERS, |number| {
        let number = format!("9{number:02}00972599");
        maybe(Attempt::new(method, "900", &number), password)
    })
}

/// With a password that is right.
fn dial(method: &'static str, what: &str, prefix: &str, is_registered: bool) -> Attack {
    let first = is_registered.then(|| Attempt::new("REGISTER", "101", "").right());
    let kind = match is_registered {
        false => format!("numbers {what}, with a stolen password"),
        true => format!("numbers {what}, with a stolen password, after a REGISTER"),
    };
    let calls = attack(kind, method, NUMBERS, |number| {
        Attempt::new(method, "101", &format!("{prefix}{number:02}")).right()
    });
    Attack { first, ..calls }
}
