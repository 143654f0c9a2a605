/*
 * Palisade - the rows of the tables in Rust, for what is exported to Kamailio.
 *
 * Generated from src/settings/table.rs, src/report/commands.rs and
 * src/abi/functions.rs. After a change there: PALISADE_BLESS=1 cargo test --test drift
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_TABLES_H
#define PALISADE_TABLES_H

/* clang-format off */

/* X(name) */
#define PALISADE_PARAMETERS(X) \
	X(sampling_time_unit) \
	X(reqs_density_per_unit) \
	X(reqs_per_user) \
	X(remove_latency) \
	X(rate_ban_time) \
	X(ipv4_prefix) \
	X(ipv6_prefix) \
	X(sources_max) \
	X(bans_max) \
	X(users_max) \
	X(auth_max_failures) \
	X(auth_window) \
	X(auth_ban_time) \
	X(auth_user_max_failures) \
	X(auth_known_time) \
	X(agent_builtin) \
	X(agent_ban_time) \
	X(scans_max) \
	X(scan_window) \
	X(scan_max_users) \
	X(scan_max_destinations) \
	X(signal_max) \
	X(tcp_close) \
	X(lists_memory) \
	X(trust_to_tag) \
	X(stateless_replies) \
	X(log_level) \
	X(auth_scope) \
	X(on_fault) \
	X(edge) \
	X(trusted) \
	X(agent_deny) \
	X(policy) \
	X(list) \
	X(db_url) \
	X(geo) \
	X(country_unknown) \
	X(pike_log_level)

/* X(name, help) */
#define PALISADE_COMMANDS(X) \
	X(stats, "Every counter.") \
	X(bans, "The bans. until 0: until lifted; count: how often banned, this time included; origin: check, script or rpc; against: everybody, or [strangers](proof.md). Arguments: [offset [limit]]") \
	X(ban, "Bans an address; 0 seconds: until lifted. Arguments: key [seconds [reason]]") \
	X(unban, "Lifts the ban of an address; its source starts anew with the rate check, too. Arguments: key") \
	X(unban_all, "Lifts all bans.") \
	X(sources, "The sources and their rates. HOT: blocked now, WARM: seen in the last two windows, COLD: remembered. Datagrams and connections of a source are counted apart (by). Arguments: [ALL|WARM|HOT [offset [limit]]]") \
	X(auth, "The users with failed authentications. Source *: the user as a whole, user *: the source as a whole. proof 0: attempts that [anybody could have made](proof.md#passwords-that-are-guessed-in-anothers-name) in that name. Arguments: [offset [limit]]") \
	X(auth_clear, "Forgets the failures of a user. Arguments: user [source]") \
	X(scans, "The sources with failing users, failing destinations, or signals. left: seconds until its window ends and all of it is forgotten; over: it has reached a limit in this window. Arguments: [offset [limit]]") \
	X(agents, "The User-Agent patterns and their hits. Arguments: [offset [limit]]") \
	X(show, "All that is known of one address, and what a request of a stranger from it would get now. limit: requests it may send in a window; proven: users who have [proven](proof.md) to be there; spared: messages that were let through just now though it is closed to strangers. Arguments: ip") \
	X(settings, "The settings in effect.") \
	X(lists, "The lists, and how they were loaded.") \
	X(list, "The entries of a list. Arguments: name [offset [limit]]") \
	X(list_find, "Which lists hold a value, by which entry. Arguments: value") \
	X(list_add, "Adds a value to a list, in its file or table too; 0 seconds: without end. Arguments: name value [seconds [comment]]") \
	X(list_remove, "Removes a value from a list, from its file or table too. Arguments: name value") \
	X(reload, "Loads a list again, or all of them and the countries. Arguments: [name]") \
	X(tables, "Capacity, use and memory of the tables.") \
	X(geo, "The files of countries and autonomous systems, in the order in which they are asked.")

/* see functions.c: what it takes(name, name in KEMI, what it calls) */
#define PALISADE_FUNCTIONS \
	MESSAGE(palisade_check, check, palisade_check) \
	MESSAGE(pike_check_req, pike_check_req, palisade_rate_check) \
	TEXT(pike_check_ip, pike_check_ip, palisade_rate_check_ip) \
	TEXT(palisade_ban, ban, palisade_ban) \
	TEXT_SECONDS(palisade_ban, ban_for, palisade_ban_for) \
	TEXT_SECONDS_TEXT(palisade_ban, ban_reason, palisade_ban_reason) \
	TEXT(palisade_unban, unban, palisade_unban) \
	MESSAGE(palisade_is_banned, is_banned, palisade_is_banned) \
	TEXT(palisade_is_banned, is_banned_key, palisade_is_banned_key) \
	MESSAGE_NUMBER(palisade_auth_result, auth_result, challenge_auth_result) \
	MESSAGE_NUMBER_TEXT(palisade_auth_result, auth_result_user, challenge_auth_result) \
	MESSAGE_NO_TEXT(palisade_auth_failed, auth_failed, palisade_auth_failed) \
	MESSAGE_TEXT(palisade_auth_failed, auth_failed_user, palisade_auth_failed) \
	MESSAGE_NO_TEXT(palisade_auth_ok, auth_ok, palisade_auth_ok) \
	MESSAGE_TEXT(palisade_auth_ok, auth_ok_user, palisade_auth_ok) \
	MESSAGE_NO_TEXT(palisade_auth_blocked, auth_blocked, palisade_auth_blocked) \
	MESSAGE_TEXT(palisade_auth_blocked, auth_blocked_user, palisade_auth_blocked) \
	MESSAGE_NO_TEXT(palisade_check_agent, check_agent, palisade_check_agent) \
	MESSAGE_TEXT(palisade_check_agent, check_agent_text, palisade_check_agent) \
	SCRIPT(palisade_reply, reply, reply_judge) \
	MESSAGE_TEXT(palisade_signal, signal, palisade_signal_once) \
	MESSAGE_TEXT_NUMBER(palisade_signal, signal_weight, palisade_signal) \
	MESSAGE_NO_TEXT(palisade_check_sqli, check_sqli, palisade_check_sqli) \
	MESSAGE_TEXT(palisade_check_sqli, check_sqli_text, palisade_check_sqli) \
	MESSAGE(palisade_check_contact, check_contact, palisade_check_contact) \
	MESSAGE(palisade_check_route, check_route, palisade_check_route) \
	MESSAGE_NO_TEXT(palisade_check_country, check_country, palisade_check_country) \
	MESSAGE_TEXT(palisade_check_country, check_country_ip, palisade_check_country) \
	MESSAGE_NO_TEXT(palisade_check_destination, check_destination, palisade_check_destination) \
	MESSAGE_TEXT(palisade_check_destination, check_destination_number, palisade_check_destination) \
	MESSAGE_TEXT(palisade_in_list, in_list, palisade_in_list) \
	TEXT_TEXT(palisade_in_list, in_list_value, palisade_value_in_list)

#endif
