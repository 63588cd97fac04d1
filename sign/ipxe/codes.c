#include "sign/ipxe/codes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- POSIX part: iPXE's src/include/errno.h ------------------------------ */

/* The last byte of a code for each platform: PXE status, EFI status, Linux errno. */
struct posix {
	unsigned char number;
	unsigned char bios, efi, linux_;
	const char *text;
};

static const struct posix posixes[] = {
	{ 0x02, 0x3c, 0x8f, 13, "Permission denied" },
	{ 0x0e, 0x38, 0x88, 111, "Connection refused" },
	{ 0x0f, 0x39, 0x95, 104, "Connection reset" },
	{ 0x17, 0x11, 0x88, 113, "Host is unreachable" },
	{ 0x1c, 0x02, 0x82, 22, "Invalid argument" },
	{ 0x1d, 0x39, 0x98, 5, "Input/output error" },
	{ 0x28, 0x11, 0x88, 101, "Network unreachable" },
	{ 0x2d, 0x3b, 0x8e, 2, "No such file or directory" },
	{ 0x2e, 0x01, 0x81, 8, "Exec format error" },
	{ 0x31, 0x06, 0x89, 12, "Not enough space" },
	{ 0x3c, 0x03, 0x83, 95, "Operation not supported" },
	{ 0x3d, 0x01, 0x83, 25, "Inappropriate I/O control operation" },
	{ 0x3e, 0x3b, 0x8e, 6, "No such device or address" },
	{ 0x41, 0x3c, 0x8f, 1, "Operation not permitted" },
	{ 0x46, 0x01, 0x85, 34, "Result too large" },
	{ 0x4c, 0x35, 0x92, 110, "Connection timed out" },
};

/* ---- file part: iPXE's src/include/ipxe/errfile.h ------------------------ */

struct file {
	uint32_t bits; /* 13 to 23 of the code */
	const char *name;
};

static const struct file files[] = {
	{ 0x000b2000, "core/resolv.c" },
	{ 0x00102000, "core/base64.c" },
	{ 0x000a6000, "net/tcp.c" },
	{ 0x000c6000, "net/tcp/httpcore.c" },
	{ 0x00116000, "net/udp/dns.c" },
	{ 0x00126000, "net/udp/tftp.c" },
	{ 0x00008000, "core/image.c" },
	{ 0x00028000, "image/script.c" },
	{ 0x00048000, "image/efi_image.c" },
	{ 0x00088000, "image/der.c" },
	{ 0x00098000, "image/pem.c" },
	{ 0x0000e000, "crypto/asn1.c" },
	{ 0x0005e000, "usr/imgmgmt.c" },
	{ 0x000ae000, "hci/commands/image_cmd.c" },
	{ 0x0016e000, "crypto/x509.c" },
	{ 0x0027e000, "crypto/rsa.c" },
	{ 0x002ae000, "crypto/cms.c" },
	{ 0x002be000, "usr/imgtrust.c" },
	{ 0x002ee000, "net/validator.c" },
	{ 0x002fe000, "crypto/ocsp.c" },
	{ 0x0066e000, "crypto/weierstrass.c" },
	{ 0x0069e000, "crypto/ecdsa.c" },
};

/* ---- causes -------------------------------------------------------------- */

struct cause {
	uint32_t code; /* the last byte does not count */
	const char *what, *why, *mend, *versions;
};

#define SIGN_AGAIN "sign the file again, and verify before publishing: muenbuild verify"
#define RSA_EVERYWHERE "use RSA keys (PKCS#1 v1.5) and SHA-256, which every iPXE knows"
#define SINCE_2_0 "1.21.1 knows no elliptic curves; 2.0.0 and later do"

static const struct cause causes[] = {
	/* core/image.c */
	{ 0x02008100, "Untrusted image",
	  "an image was to be executed that imgverify had not accepted, under imgtrust",
	  "verify it first: imgverify NAME NAME.sig", "" },
	{ 0x02008200, "Image trust requirement is permanent",
	  "imgtrust --allow came after imgtrust --permanent", "leave the imgtrust --allow out",
	  "" },
	{ 0x31008000, "Not enough space",
	  "the image does not fit into the memory below 4 GiB, next to the one that is being "
	  "downloaded",
	  "give the machine as much memory as the image and 10 MiB more", "" },
	{ 0x2e008000, "Exec format error",
	  "no boot loader of this iPXE knows the format: memdisk on UEFI, a script whose first "
	  "line "
	  "is not #!ipxe (a byte order mark before it counts)",
	  "on UEFI boot a signed .efi file; write scripts without a byte order mark", "" },
	/* net */
	{ 0x2d0c6100, "Not found (HTTP 404)", "the server does not have that file",
	  "publish the .sig file beside the file, under the name that the script uses", "" },
	{ 0x0f0a6000, "Connection reset",
	  "nothing answers at that address; from imgverify: a certificate names an OCSP responder "
	  "that cannot be reached",
	  "issue certificates without an OCSP URI in authorityInfoAccess", "" },
	/* image/der.c, image/pem.c, core/base64.c */
	{ 0x31088000, "Not enough space",
	  "the signature is larger than iPXE's heap: it carries the contents along",
	  "sign detached", "" },
	{ 0x2d098000, "No such file or directory",
	  "a PEM signature is cut off: there is no -----END line", "fetch or make it again", "" },
	{ 0x1c102000, "Invalid base64", "a PEM signature is damaged", "fetch or make it again",
	  "" },
	/* crypto/asn1.c */
	{ 0x3c00e000, "Not ASN.1",
	  "the .sig file is neither one DER object of definite length nor PEM: it is cut off, "
	  "empty, "
	  "has bytes behind the object, was made with -stream, or is an error page of the server",
	  SIGN_AGAIN, "" },
	{ 0x3c00e100, "Unsupported algorithm",
	  "a digest, key or signature algorithm that this iPXE does not know: MD5, SHA-3, "
	  "SHA-512/256, ECDSA with SHA-1, Ed25519, P-521, secp256k1, explicit curve parameters",
	  RSA_EVERYWHERE,
	  "1.21.1 knows RSA PKCS#1 v1.5 only, and refuses any elliptic certificate in the "
	  "signature, even an unused one; 2.0.0 adds ECDSA with P-256 and P-384; master of 2026 "
	  "adds "
	  "RSASSA-PSS for the signature itself" },
	{ 0x3d00e100, "Inappropriate algorithm",
	  "an algorithm where another kind belongs; most often a certificate that its CA signed "
	  "with "
	  "RSASSA-PSS",
	  "have the certificate signed with PKCS#1 v1.5 padding",
	  "before master of 2026, RSASSA-PSS gives 3c00e1 (Unsupported algorithm) instead" },
	{ 0x1c00e100, "Empty or underlength cursor",
	  "a field is missing; most often the signer is named by subject key identifier (-keyid)",
	  "sign without -keyid", "" },
	{ 0x1c00e200, "Length field overruns cursor", "the signature is damaged", SIGN_AGAIN, "" },
	{ 0x1c00e300, "Field overruns cursor", "the signature is damaged", SIGN_AGAIN, "" },
	{ 0x1c00e400, "Invalid boolean or integer", "the signature or a certificate is damaged",
	  SIGN_AGAIN, "" },
	{ 0x1c00e500, "Invalid time", "a certificate's validity is not a UTC time",
	  "issue the certificate anew", "" },
	{ 0x1c00e600, "Invalid algorithm", "a field that should name an algorithm does not",
	  SIGN_AGAIN, "" },
	{ 0x1c00e700, "Invalid bit string", "the signature or a certificate is damaged", SIGN_AGAIN,
	  "" },
	{ 0x3e00e000, "No such device or address", "a field is of another type than expected",
	  SIGN_AGAIN, "" },
	/* crypto/x509.c */
	{ 0x0216e100, "Wrong issuer",
	  "a certificate does not name the next one as its issuer, byte for byte",
	  "issue it anew, or include the right CA certificate", "" },
	{ 0x0216e200, "Not a CA certificate",
	  "a certificate in the chain was issued by one without basicConstraints CA:TRUE, or by an "
	  "X.509 v1 one",
	  "issue the CA certificate with basicConstraints = critical, CA:TRUE", "" },
	{ 0x0216e300, "Incorrect key usage",
	  "a CA certificate in the chain has a keyUsage without keyCertSign",
	  "issue the CA certificate with keyUsage = critical, keyCertSign, cRLSign", "" },
	{ 0x0216e400, "Expired (or not yet valid)",
	  "a certificate in the chain is not valid at the time that the machine's clock shows; "
	  "12.5 "
	  "hours either way are allowed",
	  "check the machine's clock; renew the certificate and sign again",
	  "an expired root gives 0216eb instead" },
	{ 0x0216e500, "Maximum path length exceeded",
	  "there are more CAs in the chain than the pathlen of one of them allows",
	  "issue that CA certificate with a larger pathlen or none", "" },
	{ 0x0216e600, "Untrusted root certificate",
	  "the chain ends at a certificate that is not "
	  "trusted",
	  "build iPXE with TRUST= that certificate", "newer releases give 0216eb instead" },
	{ 0x0216e700, "Validation out of order",
	  "an issuer was not validated before what it issued", SIGN_AGAIN, "" },
	{ 0x0216e800, "Empty certificate chain",
	  "there is no certificate to validate; the file is an encrypted message, not a signature",
	  SIGN_AGAIN, "1.21.1 gives 3c2ae1 for an encrypted message" },
	{ 0x0216e900, "OCSP check required",
	  "a certificate names an OCSP responder and was not checked with it",
	  "issue certificates without an OCSP URI in authorityInfoAccess", "" },
	{ 0x0216ea00, "Incorrect certificate name",
	  "the name given to imgverify --signer is not in the certificate", "check the name",
	  "1.21.1 minds upper and lower case; 2.0.0 and later do not" },
	{ 0x0216eb00, "No usable certificates",
	  "no certificate of the signer's chain is one of those in TRUST= and valid: the chain is "
	  "not "
	  "in the .sig, the CA is another one or was issued anew, a name is encoded differently, "
	  "or "
	  "the root has expired",
	  "include the whole chain when signing (-certfile), and rebuild iPXE with TRUST= the root "
	  "that is in it; after a change of CA under a new file name, as iPXE does not notice new "
	  "contents of the old one",
	  "with a name server set, 1.21.1 may show the failure of its download from ca.ipxe.org "
	  "instead" },
	{ 0x1c16e000, "Invalid argument", "a pathlen in a certificate is negative",
	  "issue the certificate anew", "" },
	{ 0x1c16e400, "Signature algorithm mismatch",
	  "a certificate is signed with another kind of key than its issuer has",
	  "include the right CA certificate", "" },
	{ 0x1c16e600, "Invalid version", "the version of a certificate is negative",
	  "issue the certificate anew", "" },
	{ 0x3116e000, "Not enough space",
	  "the certificates are too many, or their issuers go round in a circle",
	  "include one certificate for each name, up to the root", "" },
	{ 0x3c16e200, "Unsupported extension",
	  "a certificate has a critical extension other than basicConstraints, keyUsage, "
	  "extendedKeyUsage, authorityInfoAccess and subjectAltName: nameConstraints, "
	  "certificatePolicies and the like",
	  "issue it without that extension, or not critical", "" },
	/* crypto/cms.c */
	{ 0x022ae100, "Not a signing certificate",
	  "the signer's certificate has no keyUsage, or one without digitalSignature",
	  "issue it with keyUsage = critical, digitalSignature", "" },
	{ 0x022ae200, "Not a code-signing certificate",
	  "the signer's certificate has no extendedKeyUsage with codeSigning; anyExtendedKeyUsage "
	  "does not count",
	  "issue it with extendedKeyUsage = codeSigning", "" },
	{ 0x022ae400, "Incorrect certificate name",
	  "no signer has the name given to imgverify --signer", "check the name",
	  "1.21.1 minds upper and lower case; 2.0.0 and later do not" },
	{ 0x022ae500, "No signatures present",
	  "the file has certificates but no signer, or it was signed with -nocerts, and iPXE does "
	  "not find the signers then",
	  "sign without -nocerts", "" },
	{ 0x2d2ae000, "No such file or directory",
	  "the signer's own certificate is not in the signature",
	  "sign without -nocerts, with the certificate that belongs to the key", "" },
	{ 0x3c2ae100, "Unrecognised message type",
	  "the file is ASN.1 but not CMS signed data: a certificate, a key, a raw signature",
	  "name the file that openssl cms -sign or muenbuild sign wrote",
	  "1.21.1 calls it \"Not a digital signature\"" },
	{ 0x3d2ae000, "Not a signature", "the file is an encrypted message", SIGN_AGAIN, "" },
	/* crypto/rsa.c */
	{ 0x0227e100, "RSA signature incorrect",
	  "the file is not the one that was signed, or the signature is over attributes (-noattr "
	  "is "
	  "missing) or over changed line ends (-binary is missing), or has RSASSA-PSS padding with "
	  "another salt length, or a CA of the same name but with another key was included",
	  SIGN_AGAIN,
	  "RSASSA-PSS is known to master of 2026 only, with a salt as long as the digest" },
	{ 0x4627e000, "Result too large",
	  "the signature is not as long as the signer's key, or the key is too short for the "
	  "digest",
	  "sign with the key that belongs to the certificate, RSA with 2048 bits or more", "" },
	/* crypto/ecdsa.c, crypto/weierstrass.c */
	{ 0x1c69e100, "Invalid point size", "an elliptic key has the wrong length",
	  "issue the certificate anew", SINCE_2_0 },
	{ 0x1c69e200, "Invalid key size", "an ECDSA signature has a number that is too long",
	  SIGN_AGAIN, SINCE_2_0 },
	{ 0x1c69e300, "Invalid compression", "an elliptic key is stored in compressed form",
	  "issue the certificate with an uncompressed key", SINCE_2_0 },
	{ 0x1c69e400, "Point is infinity", "an elliptic key is void", "make a new key", SINCE_2_0 },
	{ 0x1c69e500, "Invalid signature",
	  "the ECDSA signature is not over this file: it was changed, the signature is over "
	  "attributes (-noattr is missing), or made with another key",
	  SIGN_AGAIN, SINCE_2_0 },
	{ 0x4669e000, "Result too large", "an ECDSA signature has a number out of range",
	  SIGN_AGAIN, SINCE_2_0 },
	{ 0x1c66e000, "Invalid argument", "an elliptic key is not a point of its curve",
	  "make a new key", SINCE_2_0 },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- reading ------------------------------------------------------------- */

int ipxe_code_parse(const char *text, struct ipxe_code *code, struct error *err)
{
	const char *slash = strrchr(text, '/'), *digits = slash ? slash + 1 : text;
	size_t length;

	if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X'))
		digits += 2;
	length = strlen(digits);
	if ((length != 6 && length != 8) || strspn(digits, "0123456789abcdefABCDEF") != length) {
		err_fail(
			err, ERR_USAGE,
			"'%s' is not an error code of iPXE: 8 hexadecimal digits were expected, or "
			"their first 6",
			text);
		return err_mend(err, "give what stands behind https://ipxe.org/ in its message, as "
				     "in 0227e13c");
	}
	code->digits = (int)length;
	code->value = (uint32_t)strtoul(digits, NULL, 16) << (length == 6 ? 8 : 0);
	return 0;
}

/* ---- explaining ---------------------------------------------------------- */

static const char *platform_of(struct ipxe_code code, const struct posix *posix)
{
	unsigned char last = code.value & 0xff;

	if (code.digits != 8 || !posix)
		return "";
	if (last == posix->bios)
		return "BIOS";
	if (last == posix->efi)
		return "UEFI";
	return last == posix->linux_ ? "Linux" : "";
}

bool ipxe_explain(struct ipxe_code code, struct ipxe_meaning *meaning)
{
	const struct posix *posix = NULL;

	*meaning = (struct ipxe_meaning){ "", "", "", "", "", "", "" };
	for (size_t i = 0; i < COUNT(posixes); i++)
		if (posixes[i].number == code.value >> 24)
			posix = &posixes[i];
	if (posix)
		meaning->error = posix->text;
	meaning->platform = platform_of(code, posix);
	for (size_t i = 0; i < COUNT(files); i++)
		if (files[i].bits == (code.value & 0x00ffe000))
			meaning->file = files[i].name;
	for (size_t i = 0; i < COUNT(causes); i++) {
		if (causes[i].code != (code.value & 0xffffff00))
			continue;
		meaning->what = causes[i].what;
		meaning->why = causes[i].why;
		meaning->mend = causes[i].mend;
		meaning->versions = causes[i].versions;
		return true;
	}
	return false;
}
