/* A cursor over ASN.1 in the way iPXE reads it (its src/crypto/asn1.c).
 *
 * This is what decides whether iPXE sees a field or not, so it is as lax as iPXE is (a length
 * may have leading zeroes, the "indefinite" length 0x80 reads as zero, nothing checks that an
 * object is used up) and as strict: every length is checked against what is left.
 *
 * A failing function returns the error code of iPXE (a value of enum ipxe_error) and leaves the
 * cursor empty, so that a run of calls can be checked once at its end; 0 is success.
 */
#ifndef SIGN_DER_H
#define SIGN_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes owned by someone else. Empty: length 0, data may be anything. */
struct der {
	const unsigned char *data;
	size_t length;
};

enum der_tag {
	DER_ANY = -1,
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_UTF8_STRING = 0x0c,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_BMP_STRING = 0x1e,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
};

/* Context-specific tags: [number] around a whole object, or replacing a primitive one's tag. */
#define DER_CONTEXT(number) (0xa0 | (number))
#define DER_CONTEXT_PRIMITIVE(number) (0x80 | (number))

/* The tag of the object at the cursor, 0 if there is none. */
int der_tag(struct der cursor);

/* Moves to the contents of the object, which must have that tag. */
uint32_t der_enter(struct der *cursor, int tag);

/* Moves behind the object. */
uint32_t der_skip(struct der *cursor, int tag);

/* The same if the object has that tag; otherwise leaves the cursor where it is. An object that
 * is damaged empties it. */
void der_skip_optional(struct der *cursor, int tag);

/* Cuts the cursor to the one object, its header included. */
uint32_t der_shrink(struct der *cursor, int tag);

bool der_equal(struct der left, struct der right);

/* The value of a BOOLEAN: its one byte, so that anything but 0 is true. */
uint32_t der_boolean(struct der cursor, bool *value);

/* The value of an INTEGER that fits into 32 bits. */
uint32_t der_integer(struct der cursor, int32_t *value);

/* The bytes of an INTEGER without its sign byte, as RSA and ECDSA read theirs. */
uint32_t der_unsigned(struct der cursor, struct der *magnitude);

/* The bytes of a BIT STRING; *unused, if not NULL, is how many bits of the last one do not
 * count; if NULL, all must count. */
uint32_t der_bits(struct der cursor, struct der *bits, unsigned int *unused);

/* The seconds since 1970 of a UTCTime or GeneralizedTime that ends in "Z", seconds optional;
 * two-digit years from 50 are of the last century. */
uint32_t der_time(struct der cursor, int64_t *seconds);

/* What such an error means, to follow "the field ": "ends early", "has no valid length"... */
const char *der_problem(uint32_t code);

#endif
