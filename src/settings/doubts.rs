//! What is allowed, and hardly meant so: told once, at start.

use super::{ListKind, Settings};

impl Settings {
    /// A sentence for each value that does something else than its operator may think.
    #[must_use]
    pub fn doubts(&self) -> Vec<String> {
        let places = self.lists_without_geo();
        self.trusted
            .doubts()
            .chain(self.agents.doubts())
            .chain(self.policy.doubts())
            .chain(places)
            .collect()
    }

    /// Lists that no check can look into, because nothing says where addresses are.
    fn lists_without_geo(&self) -> impl Iterator<Item = String> {
        let lists = self
            .lists
            .iter()
            .filter(|_| self.geo.each().is_empty())
            .filter(|list| matches!(list.kind, ListKind::Country | ListKind::Asn));
        lists.map(|list| {
            let (name, kind) = (&list.name, list.kind.name());
            format!(
                "list={name}: kind={kind} without geo: palisade_check() does not know where \
                 sources are"
            )
        })
    }
}
