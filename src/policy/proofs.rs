//! What a message proves of where its sender is.

use crate::ban::Against;
use crate::clock::Clock;
use crate::message::{Message, Method};
use crate::proof::{Proof, Standing};
use crate::source::Address;

use super::{Firewall, Inspection};

impl<C: Clock> Firewall<C> {
    /// Takes note that a challenge goes out to this address.
    pub fn hand_challenge(&self, to: Address, reply: &[u8]) {
        let (source, _) = self.locate(to);
        let secrets = self.proofs.secrets_of(reply);
        self.proofs.hand(source, &secrets, &self.clock);
    }
}

impl<M: Message, C: Clock> Inspection<'_, M, C> {
    /// May a success say who is at home there? Not where its sender may be somewhere else.
    pub(super) fn is_at_home(&self) -> bool {
        self.standing() != Standing::Stranger
    }

    /// Takes note of a success, and of a user more at this source, if it is one.
    pub(super) fn take_proof(&self, is_new_user: bool) {
        let firewall = self.firewall;
        let (proofs, clock) = (&firewall.proofs, &firewall.clock);
        if is_new_user {
            proofs.add_user(self.source, self.hash, clock);
        }
        if self.standing() != Standing::Proven {
            return;
        }
        let method = self.message.method();
        let proof = Proof {
            secrets: &self.secrets(),
            is_register: method == Method::Register,
            is_call: method == Method::Invite,
        };
        proofs.prove(self.source, self.flow(), &proof, clock);
        let ban = firewall.bans.holds(self.source, self.hash, clock);
        // While strangers flood it, it stays closed to them: whoever proves passes all the same.
        let is_flooded = || self.usage().is_some_and(|usage| self.is_over(&usage));
        if ban == Some(Against::Strangers)
            && !is_flooded()
            && firewall.bans.unban(self.source, self.hash, clock)
        {
            firewall.log_unban(self.source, "proven");
        }
    }

    /// Takes note of a call whose caller has proven where he is, and that was answered. (It says nothing of
    /// his password: there are numbers that anybody may call.)
    pub(super) fn note_answered_call(&self) {
        if self.message.method() == Method::Invite && self.standing() == Standing::Proven {
            let firewall = self.firewall;
            firewall.proofs.note_call(&self.secrets(), &firewall.clock);
        }
    }

    /// Takes note of a call of somebody who need not prove anything: what is sent back for it passes.
    pub(super) fn note_call(&self) {
        let bytes = self.message.bytes();
        if bytes.starts_with(b"INVITE ") {
            let firewall = self.firewall;
            firewall.proofs.note_call(&self.secrets(), &firewall.clock);
        }
    }
}
