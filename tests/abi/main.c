/*
 * The C ABI, tested from C: one scenario in one process, because a process can
 * be started once. Without an argument it lists the scenarios.
 */

#include "scenarios.h"
#include "toy.h"

#define ENTRY(name) {#name, name},
#define COUNT(list) (sizeof(list) / sizeof(list[0]))

typedef struct scenario
{
	const char *name;
	void (*run)(void);
} scenario_t;

static const scenario_t scenarios[] = {SCENARIOS(ENTRY)};
static const scenario_t mistakes[] = {MISTAKES(ENTRY)};

static int run(const scenario_t *list, size_t count, const char *name)
{
	for(size_t i = 0; i < count; i++) {
		if(strcmp(name, list[i].name) == 0) {
			list[i].run();
			printf("%s: done\n", name);
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	if(argc == 2)
		return run(scenarios, COUNT(scenarios), argv[1])
					   || run(mistakes, COUNT(mistakes), argv[1])
					   ? 0
					   : 2;
	for(size_t i = 0; i < COUNT(scenarios); i++)
		puts(scenarios[i].name);
	return 0;
}
