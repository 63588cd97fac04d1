#include "gencspec/source.h"

/* An exception that exits would go to the subject's monitor; 0 leaves it to the unikernel's own
 * handlers. */
#define OWN(exception) "<" exception ">0</" exception ">"

const char builtin_source[] =
	"<component name='" BUILTIN_COMPONENT_NAME "' profile='native'>"
	"<requires><vcpu>"
	"<vmx><masks><exception>" OWN("DivideError") OWN("Debug") OWN("Breakpoint") OWN(
		"Overflow") OWN("BOUNDRangeExceeded") OWN("InvalidOpcode") OWN("DeviceNotAvailable")
		OWN("DoubleFault") OWN("CoprocessorSegmentOverrun") OWN("InvalidTSS") OWN(
			"SegmentNotPresent") OWN("StackSegmentFault") OWN("GeneralProtection")
			OWN("PageFault") OWN("x87FPUFloatingPointError") OWN("AlignmentCheck") OWN(
				"SIMDFloatingPointException") "</exception></masks></vmx>"
							      /* FS base: the thread pointer. */
							      "<msrs><msr start='16#c000_0100#' "
							      "end='16#c000_0100#' "
							      "mode='rw'/></msrs>"
							      "<registers>"
							      /* rdi is the first argument of
								 _start: the boot info page. */
							      "<gpr><rip>16#0000#</"
							      "rip><rsp>16#0000#</"
							      "rsp><rdi>16#0000_1000#</rdi></gpr>"
							      "<cr4><OSSupportSIMDExceptions>1</"
							      "OSSupportSIMDExceptions></cr4>"
							      "</registers>"
							      "</vcpu></requires>"
							      "</component>";
