//! The parameter `list`: what one list is, where it comes from, and what follows from it.

use std::path::PathBuf;

use crate::escape::Brief;

use super::format::Format;
use super::layout::{Layout, check};
use crate::lists::lookup::entry::{Action, Kind, Matching};

/// Lists at the most. What is left of the arena's slots is for countries.
pub const MOST: usize = 48;

/// What `limit=` may say.
const MOST_REQUESTS: u64 = 65_534;
const LONGEST_WINDOW_S: u64 = 3600;

/// Bytes of the longest name of a list.
const LONGEST_NAME: usize = 32;

/// Where a list comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file.
    File {
        /// Absolute.
        path: PathBuf,
        /// What is in it.
        format: Format,
    },
    /// A table of the database.
    Table(Table),
    /// Names of hosts, of the parameter `trusted`.
    Names(Vec<String>),
}

/// A table of the database, and what its columns are called where that is not what the layout says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Whose table it is.
    pub layout: Layout,
    /// The column of the value.
    pub value: Option<String>,
    /// … of how a text is compared.
    pub matching: Option<String>,
    /// … of the time when an entry ends.
    pub until: Option<String>,
    /// … of the comment.
    pub comment: Option<String>,
    /// Of permissions' table: which group of addresses; `None`: all of them.
    pub group: Option<u32>,
}

/// How much each source in a list may send: `1000/2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// So many requests
    requests: u64,
    /// in so many seconds.
    seconds: u64,
}

impl Allowance {
    fn parse(text: &str) -> Option<Self> {
        let (requests, seconds) = text.split_once('/')?;
        // Rust takes a plus, too.
        let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => text.parse().ok(),
            false => None,
        };
        let allowance = Self {
            requests: number(requests)?,
            seconds: number(seconds)?,
        };
        let is_allowed = (1..=MOST_REQUESTS).contains(&allowance.requests)
            && (1..=LONGEST_WINDOW_S).contains(&allowance.seconds);
        is_allowed.then_some(allowance)
    }

    /// Why it can't be counted in windows of this length.
    #[must_use]
    pub fn too_many(self, window_s: u64) -> Option<String> {
        let many = self.per_window(window_s * 1000);
        (many > MOST_REQUESTS).then(|| {
            format!(
                "limit={}/{}: is {many} requests in sampling_time_unit={window_s} seconds, and more \
                 than {MOST_REQUESTS} are not counted: trust it, or make sampling_time_unit shorter",
                self.requests, self.seconds
            )
        })
    }

    /// So many in a window of this length, rounded up.
    #[must_use]
    pub fn per_window(self, window_ms: u64) -> u64 {
        (self.requests * window_ms).div_ceil(self.seconds * 1000)
    }
}

/// One list as the parameter describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Letters, digits and `-_.`.
    pub name: String,
    /// What its entries are.
    pub kind: Kind,
    /// What follows from being in it.
    pub action: Action,
    /// Of a list that limits.
    pub limit: Option<Allowance>,
    /// Where it comes from.
    pub origin: Origin,
    /// How texts are compared that don't say.
    pub matching: Matching,
    /// It may deny everything, private and trusted networks.
    pub force: bool,
    /// Without it there is no start.
    pub required: bool,
}

/// The keys of the parameter.
const KEYS: [&str; 16] = [
    "name",
    "kind",
    "action",
    "limit",
    "file",
    "db",
    "format",
    "match",
    "force",
    "required",
    "layout",
    "value_col",
    "match_col",
    "until_col",
    "comment_col",
    "group",
];

/// What is given for each of [`KEYS`].
struct Given<'a> {
    label: String,
    values: [Option<&'a str>; KEYS.len()],
}

impl<'a> Given<'a> {
    /// `name=carriers;kind=network;…`.
    fn split(text: &'a [u8]) -> Result<Self, String> {
        let mut given = Self {
            label: format!("list={}", Brief(text)),
            values: [None; KEYS.len()],
        };
        let whole = std::str::from_utf8(text).map_err(|_| given.refuse("must be UTF-8"))?;
        for word in whole.split(';').map(str::trim) {
            if word.is_empty() {
                continue;
            }
            let brief = Brief(word.as_bytes());
            let Some((key, value)) = word.split_once('=') else {
                return Err(given.refuse(&format!("{brief}: must be key=value, parted by ;")));
            };
            let (key, value) = (key.trim(), value.trim());
            let Some(index) = KEYS.iter().position(|&known| known == key) else {
                return Err(given.refuse(&format!(
                    "{brief}: the key must be one of {}",
                    KEYS.join(", ")
                )));
            };
            if value.is_empty() {
                return Err(given.refuse(&format!("{key}=: must not be empty")));
            }
            if given.values[index].replace(value).is_some() {
                return Err(given.refuse(&format!("{key}={value}: is given twice")));
            }
            if key == "name" {
                given.label = format!("list={}", Brief(value.as_bytes()));
            }
        }
        Ok(given)
    }

    fn refuse(&self, sentence: &str) -> String {
        format!("{}: {sentence}", self.label)
    }

    fn wrong(&self, key: &str, value: &str, allowed: &str) -> String {
        self.refuse(&format!("{key}={}: {allowed}", Brief(value.as_bytes())))
    }

    fn get(&self, key: &str) -> Option<&'a str> {
        let index = KEYS.iter().position(|&known| known == key)?;
        self.values.get(index).copied().flatten()
    }

    fn required(&self, key: &str) -> Result<&'a str, String> {
        self.get(key)
            .ok_or_else(|| self.refuse(&format!("{key}= is missing")))
    }

    fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Result<Option<T>, String> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let found = choices.iter().find(|(name, _)| *name == value);
        found.map(|&(_, choice)| Some(choice)).ok_or_else(|| {
            let names: Vec<&str> = choices.iter().map(|&(name, _)| name).collect();
            self.wrong(key, value, &format!("must be one of {}", names.join(", ")))
        })
    }

    fn flag(&self, key: &str) -> Result<bool, String> {
        let found = self.choice(key, &[("0", false), ("1", true)])?;
        Ok(found.unwrap_or(false))
    }

    /// A name that goes into a query.
    fn identifier(&self, key: &str) -> Result<Option<String>, String> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if value.len() <= 64 && value.bytes().all(is_name) {
            Ok(Some(value.to_owned()))
        } else {
            Err(self.wrong(
                key,
                value,
                "must be letters, digits and _, at most 64 of them",
            ))
        }
    }

    fn name(&self) -> Result<String, String> {
        let name = self.required("name")?;
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.len() <= LONGEST_NAME && name.bytes().all(is_allowed) {
            Ok(name.to_owned())
        } else {
            Err(self.wrong(
                "name",
                name,
                &format!("must be letters, digits and -_. alone, at most {LONGEST_NAME} of them"),
            ))
        }
    }

    fn limit(&self, kind: Kind, action: Action) -> Result<Option<Allowance>, String> {
        match (self.get("limit"), action) {
            (None, Action::Limit) => {
                Err(self.refuse("limit= is missing: limit=1000/2, requests/seconds"))
            }
            (None, _) => Ok(None),
            (Some(_), Action::Limit) if kind != Kind::Network => {
                Err(self.refuse("action=limit is for kind=network"))
            }
            (Some(text), Action::Limit) => {
                let allowed = format!(
                    "must be requests/seconds such as 1000/2, 1 to {MOST_REQUESTS} and 1 to \
                     {LONGEST_WINDOW_S}"
                );
                let limit = Allowance::parse(text);
                limit
                    .map(Some)
                    .ok_or_else(|| self.wrong("limit", text, &allowed))
            }
            (Some(_), _) => Err(self.refuse("limit= is for action=limit")),
        }
    }

    fn origin(&self) -> Result<Origin, String> {
        match (self.get("file"), self.identifier("db")?) {
            (Some(path), None) => self.file(path),
            (None, Some(table)) => self.table(table),
            _ => Err(self.refuse("needs one source: file= or db=")),
        }
    }

    fn file(&self, path: &str) -> Result<Origin, String> {
        let of_tables = [
            "layout",
            "value_col",
            "match_col",
            "until_col",
            "comment_col",
            "group",
        ];
        if let Some(key) = of_tables.into_iter().find(|key| self.get(key).is_some()) {
            return Err(self.refuse(&format!("{key}= is for db=, not for file=")));
        }
        if !path.starts_with('/') {
            return Err(self.wrong("file", path, "must be a whole path, from / on"));
        }
        let format = self.choice("format", &Format::NAMES)?;
        Ok(Origin::File {
            format: format.unwrap_or_else(|| Format::of_name(path)),
            path: path.into(),
        })
    }

    fn table(&self, name: String) -> Result<Origin, String> {
        if self.get("format").is_some() {
            return Err(self.refuse("format= is for file=, not for db="));
        }
        let layout = self
            .choice("layout", &Layout::NAMES)?
            .unwrap_or(Layout::Palisade);
        let group = self.get("group").map(|group| {
            group
                .parse()
                .map_err(|_| self.wrong("group", group, "must be a number"))
        });
        if group.is_some() && layout != Layout::Address {
            return Err(self.refuse("group= is for layout=address"));
        }
        Ok(Origin::Table(Table {
            name,
            layout,
            value: self.identifier("value_col")?,
            matching: self.identifier("match_col")?,
            until: self.identifier("until_col")?,
            comment: self.identifier("comment_col")?,
            group: group.transpose()?,
        }))
    }

    fn matching(&self, kind: Kind, origin: &Origin) -> Result<Matching, String> {
        let given = self.choice("match", &Matching::NAMES)?;
        let is_secfilter =
            matches!(origin, Origin::Table(table) if table.layout == Layout::Secfilter);
        match kind {
            // As the module compares them.
            Kind::Agent | Kind::User | Kind::Domain if is_secfilter => {
                Ok(given.unwrap_or(Matching::Prefix))
            }
            Kind::Agent => Ok(given.unwrap_or(Matching::Contains)),
            Kind::User | Kind::Domain | Kind::Name => Ok(given.unwrap_or(Matching::Exact)),
            Kind::Destination => match given {
                None | Some(Matching::Prefix) => Ok(Matching::Prefix),
                Some(_) => Err(self.refuse("match=: destinations are compared by their beginning")),
            },
            Kind::Network | Kind::Country | Kind::Asn => match given {
                None => Ok(Matching::Exact),
                Some(_) => Err(self.refuse("match= is for agent, user, domain and name")),
            },
        }
    }
}

impl Spec {
    /// Does it come from what may never answer: a database, the DNS?
    #[must_use]
    pub const fn may_hang(&self) -> bool {
        matches!(self.origin, Origin::Table(_) | Origin::Names(_))
    }

    /// The hosts that the parameter `trusted` names.
    fn of_names() -> Self {
        Self {
            name: "trusted".to_owned(),
            kind: Kind::Network,
            action: Action::Trust,
            limit: None,
            origin: Origin::Names(Vec::new()),
            matching: Matching::Exact,
            force: false,
            required: false,
        }
    }

    /// Reads `name=carriers;kind=network;action=trust;file=/etc/kamailio/palisade/carriers.list`.
    ///
    /// # Errors
    ///
    /// A sentence that names the list, the key, the value and what is allowed.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let given = Given::split(text)?;
        let name = given.name()?;
        given.required("kind")?;
        given.required("action")?;
        let kind = given.choice("kind", &Kind::NAMES)?.unwrap_or(Kind::Network);
        let action = given
            .choice("action", &Action::NAMES)?
            .unwrap_or(Action::Deny);
        if action == Action::Allow && !matches!(kind, Kind::Country | Kind::Asn) {
            return Err(given.refuse("action=allow is for kind=country and kind=asn"));
        }
        let origin = given.origin()?;
        if let Origin::Table(table) = &origin {
            check(table.layout, kind, action).map_err(|allowed| given.refuse(allowed))?;
        }
        Ok(Self {
            limit: given.limit(kind, action)?,
            kind,
            action,
            matching: given.matching(kind, &origin)?,
            origin,
            force: given.flag("force")?,
            required: given.flag("required")?,
            name,
        })
    }

    /// Where it comes from, for people: the file, or `db:` and the table.
    #[must_use]
    pub fn shown_place(&self) -> String {
        match &self.origin {
            Origin::File { path, .. } => path.display().to_string(),
            Origin::Table(table) => format!("db:{}", table.name),
            Origin::Names(names) => format!("names:{}", names.join(",")),
        }
    }
}

/// Adds a list to those described so far.
///
/// # Errors
///
/// [`Spec::parse`]'s, and when there are too many, or two of a name.
pub fn add(specs: &mut Vec<Spec>, text: &[u8]) -> Result<(), String> {
    push(specs, Spec::parse(text)?)
}

/// Adds names of hosts that are trusted, which are in a list of their own: `trusted`.
///
/// # Errors
///
/// When there are too many lists, or another one is called so.
pub fn trust_names(specs: &mut Vec<Spec>, hosts: Vec<String>) -> Result<(), String> {
    if hosts.is_empty() {
        return Ok(());
    }
    if !specs
        .iter()
        .any(|spec| matches!(spec.origin, Origin::Names(_)))
    {
        push(specs, Spec::of_names())?;
    }
    for spec in specs {
        if let Origin::Names(names) = &mut spec.origin {
            names.extend(hosts.iter().cloned());
        }
    }
    Ok(())
}

fn push(specs: &mut Vec<Spec>, spec: Spec) -> Result<(), String> {
    let name = &spec.name;
    if specs.iter().any(|other| other.name == *name) {
        return Err(format!("list={name}: there are two lists of this name"));
    }
    if specs.len() >= MOST {
        return Err(format!(
            "list={name}: there may be {MOST} lists at the most"
        ));
    }
    specs.push(spec);
    Ok(())
}

#[cfg(test)]
mod tests;
