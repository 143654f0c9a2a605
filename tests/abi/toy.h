/* A host that is no SIP server: it notes what it is told. */

#ifndef TOY_H
#define TOY_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "palisade.h"

/* like assert(), which NDEBUG would take away */
#define CHECK(condition) \
	((condition) ? (void)0 : fail(__FILE__, __LINE__, #condition, 0, 0))

/* both sides are evaluated once */
#define CHECK_IS(actual, expected)                                   \
	do {                                                             \
		long long is_ = (actual), should_ = (expected);              \
		if(is_ != should_)                                           \
			fail(__FILE__, __LINE__, #actual, is_, should_);         \
	} while(0)

_Noreturn void fail(const char *file, int line, const char *what,
		long long actual, long long expected);

#define TEXT(literal) text_of(literal, sizeof(literal) - 1)

palisade_text_t text_of(const char *bytes, size_t len);
extern const palisade_text_t LEFT_OUT;
/* room for a text after which no byte may be touched, in C or in Rust; one at a
 * time */
char *before_the_abyss(size_t len);

/* parts that a message may have: up to the last of host.h */
#define PARTS (PALISADE_PART_RECORD_ROUTE_HOST + 1)

/* what the host knows of a message */
typedef struct message
{
	palisade_host_text_t part[PARTS];
	uint32_t unreadable;
	int closed; /* how often its connection was closed */
} message_t;

palisade_message_t request_from(const char *ipv4, const message_t *message);
void set_part(message_t *message, int part, const char *text);

/* the log so far: whole lines, each with a newline */
extern char toy_log[1 << 20];
/* forgets it; the number of lines it had */
int toy_log_lines(void);

/* a reply, written down: name=value, { } and [ ] */
typedef struct reply
{
	int room;	   /* calls that succeed before it is full */
	int calls;	   /* calls that were made, the one that failed included */
	bool is_full;  /* one has failed */
	int depth;	   /* structs and lists that are open */
	char open[16]; /* of each, '{' or '[' */
	int32_t code;  /* of the fault, or 0 */
	char written[1 << 16];
	size_t used;
} reply_t;

/* the commands's reply, after so many calls without room; it breaks no rule of
 * host.h, or this fails */
reply_t *ask_within(int room, const char *command, int count, ...);
#define ask(...) ask_within(1 << 30, __VA_ARGS__)

extern const palisade_host_t toy_host;

/* palisade_load() and these, all numbers, then palisade_start() */
void start(const char *names, ...);
int set_number(const char *name, int64_t value);
int set_text(const char *name, const char *value);

#endif
