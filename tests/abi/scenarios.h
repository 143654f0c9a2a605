/* What is tested, each in a process of its own. */

#ifndef SCENARIOS_H
#define SCENARIOS_H

/* clang-format off */
#define SCENARIOS(X) \
	X(layout) \
	X(too_early) \
	X(bad_parameters) \
	X(start_and_stop) \
	X(verdicts) \
	X(bans) \
	X(authentication) \
	X(agents) \
	X(edge) \
	X(no_source) \
	X(variables) \
	X(lists_without_a_keeper) \
	X(lists_with_a_keeper) \
	X(nasty_texts) \
	X(host_of_nulls) \
	X(host_with_one_null) \
	X(replies) \
	X(replies_that_run_full) \
	X(children_share) \
	X(children_die)
/* clang-format on */

/* what must not go unnoticed */
/* clang-format off */
#define MISTAKES(X) \
	X(wrong_answer) \
	X(byte_too_far) \
	X(leak)
/* clang-format on */

#define DECLARE(name) void name(void);
SCENARIOS(DECLARE)
MISTAKES(DECLARE)

#endif
