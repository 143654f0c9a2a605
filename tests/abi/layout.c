/* Where everything is: tests/abi.rs compares it with what Rust says. */

#include "scenarios.h"
#include "toy.h"

#define SIZE(type) printf(#type " %zu\n", sizeof(type))
#define FIELD(type, field) printf(#type "." #field " %zu\n", offsetof(type, field))

_Static_assert(sizeof(palisade_address_t) == 24, "16 bytes, how many of them, and a port");
_Static_assert(sizeof(palisade_text_t) == sizeof(palisade_host_text_t), "both are texts");

void layout(void)
{
	SIZE(palisade_text_t);
	FIELD(palisade_text_t, data);
	FIELD(palisade_text_t, len);
	SIZE(palisade_address_t);
	FIELD(palisade_address_t, bytes);
	FIELD(palisade_address_t, len);
	FIELD(palisade_address_t, port);
	SIZE(palisade_message_t);
	FIELD(palisade_message_t, source);
	FIELD(palisade_message_t, flags);
	FIELD(palisade_message_t, handle);
	SIZE(palisade_host_reading_t);
	FIELD(palisade_host_reading_t, method);
	FIELD(palisade_host_reading_t, unreadable);
	FIELD(palisade_host_reading_t, single);
	FIELD(palisade_host_reading_t, credentials);
	FIELD(palisade_host_reading_t, contacts);
	SIZE(palisade_host_t);
	FIELD(palisade_host_t, log);
	FIELD(palisade_host_t, read);
	FIELD(palisade_host_t, bytes);
	FIELD(palisade_host_t, route);
	FIELD(palisade_host_t, in_dialog);
	FIELD(palisade_host_t, close_connection);
	FIELD(palisade_host_t, open_struct);
	FIELD(palisade_host_t, open_list);
	FIELD(palisade_host_t, close);
	FIELD(palisade_host_t, add_number);
	FIELD(palisade_host_t, add_text);
	FIELD(palisade_host_t, fault);
	/* what the writer of a binding would get wrong first */
	CHECK_IS(PALISADE_CHARGED, 1);
	CHECK_IS(PALISADE_ON_CONNECTION, 2);
	CHECK_IS(PALISADE_PART_METHOD, 0);
	CHECK_IS(PALISADE_PART_CREDENTIALS, 16);
}
