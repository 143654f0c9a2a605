/* Processes that were forked after the start share one state. */

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenarios.h"
#include "toy.h"

#define CHILDREN 4
#define LIMIT 1000

static void wait_for(const pid_t *children, int expected)
{
	for(int i = 0; i < CHILDREN; i++) {
		int status;

		CHECK(waitpid(children[i], &status, 0) == children[i]);
		CHECK_IS(status, expected);
	}
}

/* sends more than the limit alone would let through; how many passed */
static int send_all(const palisade_message_t *request)
{
	int passed = 0;

	for(int i = 0; i < LIMIT; i++)
		passed += palisade_rate_check(request) == 1;
	return passed;
}

void children_share(void)
{
	palisade_message_t request = request_from("198.51.100.7", NULL);
	pid_t children[CHILDREN];
	int passed[2];
	int total = 1;

	start("sampling_time_unit reqs_density_per_unit", 3600, LIMIT);
	CHECK(pipe(passed) == 0);
	/* the first request makes the source known; from then on none is lost */
	CHECK_IS(palisade_rate_check(&request), 1);
	for(int i = 0; i < CHILDREN; i++) {
		children[i] = fork();
		if(children[i] == 0) {
			char key[32];
			int mine;

			CHECK_IS(palisade_worker_start(), 0);
			mine = send_all(&request);
			CHECK(write(passed[1], &mine, sizeof(mine)) == sizeof(mine));
			snprintf(key, sizeof(key), "203.0.113.%d", i);
			CHECK_IS(palisade_ban(text_of(key, strlen(key))), 1);
			palisade_auth_failed(&request, TEXT("alice"));
			_exit(0);
		}
	}
	wait_for(children, 0);
	for(int i = 0; i < CHILDREN; i++) {
		char key[32];
		int theirs;

		CHECK(read(passed[0], &theirs, sizeof(theirs)) == sizeof(theirs));
		total += theirs;
		snprintf(key, sizeof(key), "203.0.113.%d", i);
		CHECK_IS(palisade_is_banned_key(text_of(key, strlen(key))), 1);
	}
	CHECK_IS(total, LIMIT);
	CHECK_IS(palisade_rate_check(&request), -1);
	CHECK_IS(palisade_auth_blocked(&request, TEXT("alice")), 1);
	CHECK(strstr(ask("stats", 0)->written, "bans_manual=4 ") != NULL);
	/* a check without palisade_worker_start() counts too */
	CHECK(strstr(ask("stats", 0)->written, "auth_failures=3 ") != NULL);
}

/* changes all there is, for ever */
static _Noreturn void work(int number, _Atomic unsigned *done)
{
	palisade_message_t request = request_from("198.51.100.7", NULL);

	palisade_worker_start();
	for(unsigned n = number;; n++) {
		char key[32];
		palisade_text_t text;

		snprintf(key, sizeof(key), "203.0.113.%u", n % 200);
		text = text_of(key, strlen(key));
		palisade_ban_for(text, 60);
		palisade_rate_check_ip(text);
		palisade_auth_failed(&request, text);
		palisade_unban(text);
		(*done)++;
	}
}

/* killed wherever they happen to be: the others go on */
void children_die(void)
{
	pid_t children[CHILDREN];
	_Atomic unsigned *done = mmap(NULL, CHILDREN * sizeof(*done),
			PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(done != MAP_FAILED);
	start("");
	for(unsigned round = 1; round <= 20; round++) {
		for(int i = 0; i < CHILDREN; i++) {
			children[i] = fork();
			if(children[i] == 0)
				work(i, &done[i]);
		}
		for(int i = 0; i < CHILDREN; i++)
			while(done[i] < round * 50)
				;
		for(int i = 0; i < CHILDREN; i++)
			CHECK(kill(children[i], SIGKILL) == 0);
		wait_for(children, SIGKILL);
		CHECK_IS(palisade_ban(TEXT("192.0.2.1")), 1);
		CHECK_IS(palisade_is_banned_key(TEXT("192.0.2.1")), 1);
		CHECK_IS(palisade_unban(TEXT("192.0.2.1")), 1);
		CHECK_IS(ask("bans", 0)->code, 0);
		CHECK_IS(ask("auth", 0)->code, 0);
		CHECK_IS(ask("sources", 0)->code, 0);
		palisade_tick();
	}
	CHECK(strstr(ask("stats", 0)->written, "faults=0 ") != NULL);
	palisade_stop();
}
