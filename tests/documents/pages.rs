//! The documents as text: their fenced blocks, tables, headings and links.

use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

pub struct Page {
    /// From the top of the repository.
    pub path: String,
    text: String,
}

pub fn text_of(path: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// README.md and all in docs/.
pub fn pages() -> Vec<Page> {
    let folder = Path::new(ROOT).join("docs");
    let files = folder
        .read_dir()
        .expect("docs/")
        .map(|file| file.expect("a file").file_name());
    let mut paths: Vec<String> = files
        .map(|name| format!("docs/{}", name.display()))
        .collect();
    paths.sort();
    paths.push("README.md".to_owned());
    paths.iter().map(|path| Page::read(path)).collect()
}

impl Page {
    pub fn read(path: &str) -> Page {
        Page {
            path: path.to_owned(),
            text: text_of(path),
        }
    }

    /// The blocks in this language.
    pub fn fenced<'a>(&'a self, language: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let fence = format!("```{language}\n");
        let blocks: Vec<&str> = self.text.split(fence.as_str()).skip(1).collect();
        blocks
            .into_iter()
            .map(|rest| rest.split("```").next().unwrap_or_default())
    }

    /// The block of a config that holds this text.
    pub fn snippet(&self, text: &str) -> &str {
        let mut blocks = self.fenced("cfg");
        let found = blocks.find(|block| block.contains(text));
        found.unwrap_or_else(|| panic!("{}: no snippet has {text}", self.path))
    }

    /// The rows of all tables with this head, in cells.
    pub fn rows<'a>(&'a self, head: &'a str) -> impl Iterator<Item = Vec<&'a str>> {
        let tables = self.text.split(head).skip(1);
        let rows = tables.flat_map(|rest| {
            rest.lines()
                .skip(2)
                .take_while(|line| line.starts_with('|'))
        });
        rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
    }

    /// Without what is no prose.
    fn prose(&self) -> String {
        let outside = self.text.split("```").step_by(2);
        outside.collect()
    }

    /// As GitHub makes them of headings.
    fn has_anchor(&self, anchor: &str) -> bool {
        let prose = self.prose();
        let headings = prose.lines().filter(|line| line.starts_with('#'));
        headings
            .map(|line| anchor_of(line.trim_start_matches('#').trim()))
            .any(|here| here == anchor)
    }

    pub fn broken_links(&self, pages: &[Page]) -> Vec<String> {
        let prose = self.prose();
        let links = prose
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        let local = links.filter(|link| !link.starts_with("http"));
        let broken = local.filter(|link| !self.leads_somewhere(link, pages));
        broken
            .map(|link| format!("{}: {link}", self.path))
            .collect()
    }

    fn leads_somewhere(&self, link: &str, pages: &[Page]) -> bool {
        let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
        let folder = Path::new(&self.path).parent().expect("a folder");
        let target = match path {
            "" => self.path.clone(),
            path => normal(&folder.join(path).display().to_string()),
        };
        let is_there = Path::new(ROOT).join(&target).exists();
        let page = pages.iter().find(|page| page.path == target);
        is_there && (anchor.is_empty() || page.is_some_and(|page| page.has_anchor(anchor)))
    }
}

/// Without `..`.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = vec![];
    for part in path.split('/') {
        match part {
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn anchor_of(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let kept = lower
        .chars()
        .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}
