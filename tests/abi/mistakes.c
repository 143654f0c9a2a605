/* What the other scenarios must not let pass: each of these ends badly. */

#include "scenarios.h"
#include "toy.h"

void wrong_answer(void)
{
	start("");
	CHECK_IS(palisade_rate_check(NULL), -1);
}

/* the reason is one byte longer than its memory */
void byte_too_far(void)
{
	char *text = before_the_abyss(4);

	start("");
	memcpy(text, "1234", 4);
	palisade_ban_reason(TEXT("198.51.100.7"), 60, text_of(text, 5));
}

void leak(void)
{
	char *volatile lost = malloc(100);

	lost = NULL;
	CHECK(lost == NULL);
}
