/* Lists, in a host with a keeper and in one without. */

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenarios.h"
#include "toy.h"

static char path[64];

static void write_list(const char *content)
{
	FILE *file = fopen(path, "w");

	CHECK(file != NULL);
	CHECK(fputs(content, file) >= 0);
	CHECK(fclose(file) == 0);
}

static void start_with_list(void)
{
	char list[200];

	snprintf(path, sizeof(path), "/tmp/palisade-abi-%d.list", (int)getpid());
	write_list("192.0.2.0/24\n");
	snprintf(list, sizeof(list), "name=a;kind=network;action=deny;file=%s", path);
	CHECK_IS(palisade_load(&toy_host), 0);
	CHECK_IS(set_text("list", list), 0);
	CHECK_IS(palisade_start(), 0);
}

/* what is in force, asked in both ways */
static void check_found(const char *address, int expected)
{
	palisade_message_t request = request_from(address, NULL);
	palisade_text_t text = text_of(address, strlen(address));

	CHECK_IS(palisade_in_list(&request, TEXT("a")), expected);
	CHECK_IS(palisade_value_in_list(TEXT("a"), text), expected);
}

static void change_it(void)
{
	check_found("192.0.2.7", 1);
	check_found("198.51.100.7", -1);
	CHECK_IS(ask("list_add", 2, "a", "198.51.100.7")->code, 0);
	check_found("198.51.100.7", 1);
	CHECK_IS(ask("list_remove", 2, "a", "192.0.2.0/24")->code, 0);
	check_found("192.0.2.7", -1);
	CHECK_IS(ask("list_remove", 2, "a", "192.0.2.0/24")->code, 404);
	CHECK_IS(ask("list_add", 2, "a", "0.0.0.0/0")->code, 403);
	CHECK_IS(ask("list_add", 2, "a", "alice")->code, 400);
	write_list("203.0.113.9\n");
	CHECK(strstr(ask("reload", 0)->written, "entries=1 ") != NULL);
	check_found("198.51.100.7", -1);
	check_found("203.0.113.9", 1);
}

void lists_without_a_keeper(void)
{
	start_with_list();
	CHECK_IS(palisade_in_list(NULL, TEXT("a")), -1);
	CHECK_IS(palisade_in_list(NULL, LEFT_OUT), -1);
	CHECK_IS(palisade_value_in_list(LEFT_OUT, LEFT_OUT), -1);
	change_it();
	unlink(path);
}

void lists_with_a_keeper(void)
{
	pid_t keeper;
	int status;

	start_with_list();
	CHECK_IS(palisade_expect_keeper(), 1);
	keeper = fork();
	if(keeper == 0)
		for(;;)
			CHECK_IS(palisade_keeper_turn(1000), 1);
	change_it();
	/* whoever handles SIP does not wait */
	CHECK_IS(palisade_never_wait(), 0);
	CHECK(strstr(ask("list_add", 2, "a", "198.51.100.7")->written, "done=started ")
			!= NULL);
	while(palisade_value_in_list(TEXT("a"), TEXT("198.51.100.7")) != 1)
		usleep(1000);
	CHECK(kill(keeper, SIGKILL) == 0);
	CHECK(waitpid(keeper, &status, 0) == keeper);
	CHECK_IS(status, SIGKILL);
	unlink(path);
}
