# muenbuild: see README.md. `make help` lists what there is.

PREFIX ?= /usr/local
DESTDIR ?=
CC ?= cc
BUILD ?= build
WERROR ?= 1
SANITIZE ?= 0
SHARED ?= ../shared
VERSION := $(shell cat VERSION)

ROOMS := base solo5 xml gencspec policy recipes sign cli
PACKAGES := libxml-2.0 libcrypto jansson libcyaml

# These may be set from outside; what the build cannot do without is added below.
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
	-Wpointer-arith -Wvla -Wundef -Wformat=2
ifeq ($(WERROR),1)
WARNINGS += -Werror
endif
ifneq ($(SANITIZE),0)
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
HARDENING := -fstack-protector-strong -fPIE
ifeq ($(SANITIZE),0)
HARDENING += -D_FORTIFY_SOURCE=2
endif

PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES))
PKG_LIBS = $(shell pkg-config --libs $(PACKAGES))
COMPILE = $(CC) -std=gnu11 -D_GNU_SOURCE -DMUENBUILD_VERSION='"$(VERSION)"' -I. $(PKG_CFLAGS) \
	$(WARNINGS) $(HARDENING) $(SANITIZERS) $(CPPFLAGS) $(CFLAGS) -MMD -MP
LINK = $(CC) $(CFLAGS) $(SANITIZERS) -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)

# ---- the program -------------------------------------------------------------

ROOM_SOURCES := $(filter-out cli/main.c,$(sort $(wildcard $(addsuffix /*.c,$(ROOMS)))))
ROOM_OBJECTS := $(ROOM_SOURCES:%.c=$(BUILD)/obj/%.o)
LIBRARY := $(BUILD)/libmuenbuild.a
PROGRAM := $(BUILD)/bin/muenbuild
DATA := $(wildcard recipes/*.yaml schema/*.rng)
STAGED := $(addprefix $(BUILD)/share/muenbuild/,$(DATA))

all: $(PROGRAM) $(STAGED)

$(BUILD)/obj/%.o: %.c Makefile VERSION
	@mkdir -p $(@D)
	$(COMPILE) -c $< -o $@

$(LIBRARY): $(ROOM_OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(PROGRAM): $(BUILD)/obj/cli/main.o $(LIBRARY)
	@mkdir -p $(@D)
	$(LINK) $^ $(PKG_LIBS) -o $@

# The program finds its recipes and schemas in ../share/muenbuild beside its bin folder, here
# and where it is installed.
$(BUILD)/share/muenbuild/%: %
	@mkdir -p $(@D)
	cp $< $@

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

include tender/tender.mk
include tests/tests.mk

clean:
	rm -rf $(BUILD)

.PHONY: all clean
