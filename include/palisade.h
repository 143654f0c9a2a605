/*
 * Palisade - the C ABI. Written by cbindgen from src/abi; do not edit.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_H
#define PALISADE_H

#include <stddef.h>
#include <stdint.h>

/* what the host offers: kamailio-glue/host.h */
struct palisade_host;


/*
 The edge has charged the message to its source.
 */
#define PALISADE_CHARGED 1

/*
 The message came on a connection, which the host's `close_connection` can close.
 */
#define PALISADE_ON_CONNECTION 2

/*
 The edge has let the message through where its source is closed to strangers.
 */
#define PALISADE_SPARED 4

/*
 What `palisade_edge` answers when it has charged a datagram to its source, and
 `palisade_edge_wanted` when it is going to.
 */
#define PALISADE_EDGE_CHARGED 2

/*
 What `palisade_edge` answers when it lets a datagram through whose source is closed to strangers.
 */
#define PALISADE_EDGE_SPARED 3

/*
 Bytes of a text; `data` NULL: left out by the caller.
 */
typedef struct palisade_text_t {
  /*
   First byte.
   */
  const uint8_t *data;
  /*
   Number of bytes.
   */
  size_t len;
} palisade_text_t;

/*
 Where something came from or goes to: an IP address, of which `len` is 4 or 16, that many bytes in
 network order (any other `len`: none), and a port.
 */
typedef struct palisade_address_t {
  /*
   The address.
   */
  uint8_t bytes[16];
  /*
   How many of the bytes it has.
   */
  uint32_t len;
  /*
   The port, 0 to 65535; 0: not known.
   */
  uint32_t port;
} palisade_address_t;

/*
 A message, request or reply: where it came from, how, and the host's own handle of it, which is
 handed back to the host's functions; NULL: there is no message at hand.
 */
typedef struct palisade_message_t {
  /*
   Where it came from.
   */
  struct palisade_address_t source;
  /*
   `PALISADE_CHARGED`, `PALISADE_ON_CONNECTION`, `PALISADE_SPARED`, or-ed.
   */
  uint32_t flags;
  /*
   The host's handle.
   */
  const void *handle;
} palisade_message_t;

/*
 Takes the host's functions. First of all calls.

 Returns 0, or -1 when `host` is NULL.

 # Safety

 `host` is NULL or points to a table that is never freed or changed.
 */
int32_t palisade_load(const struct palisade_host *host);

/*
 Sets a parameter that is a number, before `palisade_start`.

 Returns 0, or -1 after a line that names the parameter, the value and what is allowed.

 # Safety

 `name` is readable.
 */
int32_t palisade_set_number(struct palisade_text_t name, int64_t value);

/*
 Sets a parameter that is a text, or adds to it (`trusted`, `agent_deny`), before
 `palisade_start`.

 Returns 0, or -1 after a line that names the parameter, the value and what is allowed.

 # Safety

 `name` and `value` are readable.
 */
int32_t palisade_set_text(struct palisade_text_t name, struct palisade_text_t value);

/*
 Adds an address of the host itself, before `palisade_start`: it is never banned. 127.0.0.1 and ::1
 are known without.

 Returns 0, or -1 when there is no address, or it is too late.

 # Safety

 `address` is NULL or readable.
 */
int32_t palisade_own_address(const struct palisade_address_t *address);

/*
 Takes the shared memory. Once, before the fork.

 Returns 0, or -1 after a line that says why.
 */
int32_t palisade_start(void);

/*
 Does the host have to hand over datagrams (`palisade_edge`)? After `palisade_start`.

 Returns 1, `PALISADE_EDGE_CHARGED` when it will charge them to their sources, or -1 when the edge
 is off.
 */
int32_t palisade_edge_wanted(void);

/*
 Tells that the host cannot hand over datagrams: everything else works without.
 */
void palisade_edge_unavailable(void);

/*
 To be called in every process that runs checks, after the fork. May be called twice.

 Returns 0, or -1 when there was no `palisade_start`.
 */
int32_t palisade_worker_start(void);

/*
 To be called once a second, in one process: tells of the bans that have ended.
 */
void palisade_tick(void);

/*
 At the end, in the main process. The shared memory goes with the last process; there is nothing
 to wait for.
 */
void palisade_stop(void);

/*
 All checks that are on, cheapest first: trusted, ban, rate, agent.

 Returns 1 pass, -1 blocked already, -2 newly blocked by this message.

 # Safety

 `message` is NULL or valid for this call.
 */
int32_t palisade_check(const struct palisade_message_t *message);

/*
 The edge: a datagram from `source`, before it is parsed.

 Returns 1 pass, `PALISADE_EDGE_CHARGED` pass and charged to its source, `PALISADE_EDGE_SPARED` pass
 though its source is closed to strangers, -1 to be dropped.

 # Safety

 `source` is NULL or readable; `datagram` is readable.
 */
int32_t palisade_edge(const struct palisade_address_t *source, struct palisade_text_t datagram);

/*
 The rate check alone: `pike_check_req()`.

 Returns 1 under the limit, -1 over it already, -2 since this message.

 # Safety

 `message` is NULL or valid for this call.
 */
int32_t palisade_rate_check(const struct palisade_message_t *message);

/*
 The rate check of an address given as text: `pike_check_ip(ip)`.

 Returns what `palisade_rate_check` does, and -1 for a text that is no address.

 # Safety

 `ip` is readable.
 */
int32_t palisade_rate_check_ip(struct palisade_text_t ip);

/*
 The User-Agent of the message, or this text, against the filter.

 Returns 1 clean, -2 matches.

 # Safety

 `message` is NULL or valid for this call; `text` is readable.
 */
int32_t palisade_check_agent(const struct palisade_message_t *message, struct palisade_text_t text);

/*
 Bans an address for as long as a flood (`rate_ban_time`), reason `manual`.

 Returns 1, -1 when the key is none or there is no place, -3 when it is trusted, or
 the server's own.

 # Safety

 `key` is readable.
 */
int32_t palisade_ban(struct palisade_text_t key);

/*
 Bans an address for `seconds`, 0 until lifted, reason `manual`.

 Returns what `palisade_ban` does, and -1 for seconds that are not between 0 and ten years.

 # Safety

 `key` is readable.
 */
int32_t palisade_ban_for(struct palisade_text_t key, int64_t seconds);

/*
 Bans an address for `seconds`, 0 until lifted, for a reason of 1 to 64 bytes.

 Returns what `palisade_ban_for` does.

 # Safety

 `key` and `reason` are readable.
 */
int32_t palisade_ban_reason(struct palisade_text_t key,
                            int64_t seconds,
                            struct palisade_text_t reason);

/*
 Lifts a ban.

 Returns 1 lifted, -1 was not banned, or the key is none.

 # Safety

 `key` is readable.
 */
int32_t palisade_unban(struct palisade_text_t key);

/*
 Is the source banned?

 Returns 1 banned, -1 not.

 # Safety

 `message` is NULL or valid for this call.
 */
int32_t palisade_is_banned(const struct palisade_message_t *message);

/*
 Is this address banned?

 Returns 1 banned, -1 not, or the key is none.

 # Safety

 `key` is readable.
 */
int32_t palisade_is_banned_key(struct palisade_text_t key);

/*
 Takes what `auth_check()`, `www_authorize()`, `pv_www_authenticate()` … returned, and counts or
 clears. `user` left out: the credentials of the message, else its From URI.

 Returns 1, -1 blocked already, -2 newly blocked by this message.

 # Safety

 `message` is NULL or valid for this call; `user` is readable.
 */
int32_t palisade_auth_result(const struct palisade_message_t *message,
                             int32_t code,
                             struct palisade_text_t user);

/*
 Counts one failure.

 Returns 1 below the limit, -1 blocked already, -2 newly blocked.

 # Safety

 `message` is NULL or valid for this call; `user` is readable.
 */
int32_t palisade_auth_failed(const struct palisade_message_t *message, struct palisade_text_t user);

/*
 Clears the count of this user from this source.

 Returns 1.

 # Safety

 `message` is NULL or valid for this call; `user` is readable.
 */
int32_t palisade_auth_ok(const struct palisade_message_t *message, struct palisade_text_t user);

/*
 Is this user blocked from this source?

 Returns -1 not; 1 blocked; 2 not, but somebody has failed in its name with nonces that were handed to
 others: so was this one, and its sender has to be challenged; 3 not, but as many attempts as may fail
 are under way: over UDP, a request that is dropped comes again.

 # Safety

 `message` is NULL or valid for this call; `user` is readable.
 */
int32_t palisade_auth_blocked(const struct palisade_message_t *message,
                              struct palisade_text_t user);

/*
 The number of a variable, for `palisade_variable`, by its name: `country`, `asn`, `source`. May
 be called before `palisade_start`.

 Returns -1 when there is none of this name.

 # Safety

 `name` is readable.
 */
int32_t palisade_variable_named(struct palisade_text_t name);

/*
 The value of a variable for a message, as text in the caller's buffer, cut at its end and
 without a NUL; `number`, unless NULL, gets it as a number, or -1 when it is none.

 Returns the bytes of the text, or -1 when the variable has no value; then nothing is written.

 # Safety

 `message` is NULL or valid for this call; `buffer` has `room` bytes that may be written, `number`
 is NULL or may be written.
 */
int32_t palisade_variable(const struct palisade_message_t *message,
                          int32_t variable,
                          uint8_t *buffer,
                          size_t room,
                          int64_t *number);

/*
 Answers one RPC command: its name without `palisade.`, its arguments as texts. The reply goes
 through the functions of the host's table, to which `reply` is handed back.

 # Safety

 `command` and `count` texts at `arguments` are readable; `reply` is what the host's functions
 take.
 */
void palisade_rpc(struct palisade_text_t command,
                  const struct palisade_text_t *arguments,
                  size_t count,
                  void *reply);

/*
 Is there SQL in the user parts of the R-URI, From, To and Contact, or in the user of the
 credentials; or in this text?

 Returns 1 clean, -2 found.

 # Safety

 `message` is NULL or valid for this call; `text` is readable.
 */
int32_t palisade_check_sqli(const struct palisade_message_t *message, struct palisade_text_t text);

/*
 Has a contact of the message an IP address where a name could stand?

 Returns 1 clean, -2 found.

 # Safety

 `message` is NULL or valid for this call.
 */
int32_t palisade_check_contact(const struct palisade_message_t *message);

/*
 Does the topmost Record-Route name another address than the message came from?

 Returns 1 clean, -2 found.

 # Safety

 `message` is NULL or valid for this call.
 */
int32_t palisade_check_route(const struct palisade_message_t *message);

/*
 The country and the autonomous system of a source, or of this address, against the lists.

 Returns 1 fine, -2 denied, -1 the address is none; then there is a line in the log.

 # Safety

 `message` is NULL or valid for this call; `ip` is readable.
 */
int32_t palisade_check_country(const struct palisade_message_t *message, struct palisade_text_t ip);

/*
 The number that is called, or this one, against the lists of destinations.

 Returns 1 fine, -2 denied.

 # Safety

 `message` is NULL or valid for this call; `number` is readable.
 */
int32_t palisade_check_destination(const struct palisade_message_t *message,
                                   struct palisade_text_t number);

/*
 Does a reply with this status to a request of this method (`enum palisade_host_method`) say
 anything of who sent it? If not, there is no need to look for the request, and to call
 `palisade_reply`.

 Returns 1 it may, -1 it does not.
 */
int32_t palisade_reply_matters(int32_t method, int32_t status);

/*
 Takes a reply: of users and destinations that fail, a scan is made; a user who fails with
 credentials is counted as by `palisade_auth_result`, and cleared by a registration.

 `request` is what was answered, and where it came from. `challenge` is the body of
 WWW-Authenticate or Proxy-Authenticate of the reply, left out if it has none; of several, all,
 parted by commas. `unmatched_from`
 is NULL when a transaction of the host's vouches for the reply; else it says where the reply came
 from: then it counts only with `stateless_replies`, if that is trusted, and `request` may carry the
 reply in place of the request.

 Returns 1, -1 blocked already, -2 newly blocked by this reply.

 # Safety

 `request` is NULL or valid for this call; `challenge` is readable; `unmatched_from` is NULL or
 readable.
 */
int32_t palisade_reply(const struct palisade_message_t *request,
                       int32_t status,
                       struct palisade_text_t challenge,
                       const struct palisade_address_t *unmatched_from);

/*
 A challenge goes out: a reply 401 or 407 to this request, and where it is sent to. What answers it from
 there has proven that it is there; many that nobody answers are a scan. A host that does not tell this
 has only strangers on UDP.

 `from`: NULL when it is the host's own, or the registrar's; else where the request was sent to that it
 answers: it counts only of a trusted one, since whoever made the nonce knows it, too.

 Returns 1, -1 blocked already, -2 newly blocked: the request, or what comes after it.

 # Safety

 `request` is NULL or valid for this call; `to` and `from` are NULL or readable; `reply` is readable.
 */
int32_t palisade_challenge_sent(const struct palisade_message_t *request,
                                const struct palisade_address_t *to,
                                const struct palisade_address_t *from,
                                struct palisade_text_t reply);

/*
 Takes a reply that matches no transaction of the host's, and where it came from.

 Returns 1, -1 when its source is banned; with `stateless_replies` 0: it may be handed to
 `palisade_reply`.

 # Safety

 `reply` is NULL or valid for this call.
 */
int32_t palisade_unmatched_reply(const struct palisade_message_t *reply);

/*
 Signals that something is wrong with a message: adds `weight`, 1 to 100, to the signals of its
 source. `reason` is 1 to 32 of a-z, 0-9, `_` and `-`. Where either is not so, nothing is counted,
 and the log says why.

 Returns 1, -1 over the limit already, -2 when this signal reached it.

 # Safety

 `message` is NULL or valid for this call; `reason` is readable.
 */
int32_t palisade_signal(const struct palisade_message_t *message,
                        struct palisade_text_t reason,
                        int64_t weight);

/*
 `palisade_signal` with the weight 1.

 # Safety

 `message` is NULL or valid for this call; `reason` is readable.
 */
int32_t palisade_signal_once(const struct palisade_message_t *message,
                             struct palisade_text_t reason);

/*
 To be called after `palisade_start`, before the fork, by a host that will have a keeper: from
 here on commands that change lists are left to it.

 Returns 1, or -1 when there is nothing to keep: then no keeper is needed, and nothing has
 changed.
 */
int32_t palisade_expect_keeper(void);

/*
 A turn of the keeper: does what other processes have asked it for; when they have not, waits up
 to `wait_ms` milliseconds for them, asleep. To be called again and again by one process that does
 nothing else. A signal may end it at any time.

 Returns 1, or -1 when there was no `palisade_start`.
 */
int32_t palisade_keeper_turn(uint32_t wait_ms);

/*
 To be called in a process that handles SIP messages, after the fork: RPC commands that it answers
 do not wait for the keeper, but say that the work was started; and all of the tables' memory is
 mapped into the process now, not where a message first touches it (some 100 ns for each 4 kB).

 Returns 0, or -1 when there was no `palisade_start`.
 */
int32_t palisade_never_wait(void);

/*
 Is a message in a list: its source, or the text of it that a list of this kind is about?

 Returns 1 it is, -1 it is not, or there is no such list; then there is a line in the log.

 # Safety

 `message` is NULL or valid for this call; `name` is readable.
 */
int32_t palisade_in_list(const struct palisade_message_t *message, struct palisade_text_t name);

/*
 Is a value in a list: an address, a text, a number, as a list of this kind has it?

 Returns what `palisade_in_list` does.

 # Safety

 `name` and `value` are readable.
 */
int32_t palisade_value_in_list(struct palisade_text_t name, struct palisade_text_t value);

#endif  /* PALISADE_H */
