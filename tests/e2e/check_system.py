#!/usr/bin/env python3
"""Whether Muen's tools would accept a source system policy: their rules, written anew.

    check_system.py [--damage] SYSTEM PLAN HARDWARE PLATFORM ADDITIONAL_HARDWARE SPEC...

SPEC are the specifications of the components that the policy does not hold itself: Muen's own,
and in examples the unikernels'. Prints one line per rule that is broken; the exit status says
whether there was one. With --damage the system is damaged in one way after the other, and each
damage must break a rule; prints those that did not.
"""

import sys
import xml.etree.ElementTree as ET

from damages import damages

PAGE = 0x1000
ORDER = ["config", "expressions", "memory", "deviceDomains", "events", "channels", "components",
         "subjects", "include"]
SUBJECT_ORDER = ["vcpu", "bootparams", "memory", "devices", "events", "channels", "monitor",
                 "component"]
VARIABLES = ["dbgserver_sink_serial", "dbgserver_sink_xhcidbg", "dbgserver_sink_shmem",
             "dbgserver_sink_pcspkr", "pciconf_emulation_enabled", "logchannel_size"]


def number(text):
    """16#0020_0000# and 42."""
    if text.startswith("16#"):
        return int(text[3:-1].replace("_", ""), 16)
    return int(text)


def names_of(nodes, key="name"):
    return [node.get(key) for node in nodes]


def children(node, path):
    return list(node.iterfind(path)) if node is not None else []


class Component:
    """What a component asks for, with the libraries that it depends on."""

    def __init__(self, spec, libraries):
        self.name = spec.get("name")
        self.memory, self.channels, self.devices, self.events = {}, {}, {}, {}
        self.depends, self.regions = set(), []
        self.log_array = False
        self.collect(spec, libraries)

    def collect(self, spec, libraries):
        for node in children(spec, "requires/memory/memory"):
            self.memory[node.get("logical")] = number(node.get("size"))
            self.regions.append((number(node.get("virtualAddress")), number(node.get("size")),
                                 node.get("logical")))
        for node in children(spec, "requires/channels/*"):
            if node.tag == "array":
                self.collect_array(node)
                continue
            size = number(node.get("size"))
            self.channels[node.get("logical")] = (node.tag, size)
            if node.get("virtualAddress", "auto") != "auto":
                self.regions.append((number(node.get("virtualAddress")), size,
                                     node.get("logical")))
        for node in children(spec, "requires/devices/device"):
            self.devices[node.get("logical")] = names_of(list(node), "logical")
        for kind in ("source", "target"):
            for node in children(spec, f"requires/events/{kind}/event"):
                self.events[node.get("logical")] = (kind, len(node) > 0)
        for node in children(spec, "provides/memory"):
            self.regions.append((number(node.get("virtualAddress")), number(node.get("size")),
                                 node.get("logical")))
        for node in children(spec, "depends/library"):
            name = node.get("ref")
            if name in libraries and name not in self.depends:
                self.depends.add(name)
                self.collect(libraries[name], libraries)
            self.depends.add(name)

    def collect_array(self, node):
        if node.get("logical") == "log_channels":
            self.log_array = True  # generated: as many readers as the policy maps
            return
        for end in node:
            self.channels[end.get("logical")] = (end.tag, number(node.get("elementSize")))


class Checker:
    def __init__(self, system, plan, hardware, platform, additional, specs):
        self.system, self.plan = system, plan
        self.hardware, self.platform, self.additional = hardware, platform, additional
        self.problems = []
        self.libraries = {s.get("name"): s for s in specs if s.tag == "library"}
        self.components = {}
        own = children(system, "components/component")
        self.own = names_of(own)
        for spec in [s for s in specs if s.tag == "component"] + own:
            self.components[spec.get("name")] = Component(spec, self.libraries)
        self.specs = {s.get("name"): s for s in specs + own if s.tag == "component"}
        self.subjects = {s.get("name"): s for s in children(system, "subjects/subject")}
        self.config = {n.get("name"): n.get("value") for n in children(system, "config/*")}
        self.channels = {c.get("name"): self.size(c) for c in children(system, "channels/channel")}
        self.memory = {m.get("name"): m for m in children(system, "memory/memory")}
        self.events = {e.get("name"): e.get("mode") for e in children(system, "events/event")}

    def complain(self, rule, what):
        self.problems.append(f"{rule}: {what}")

    def need(self, condition, rule, what):
        if not condition:
            self.complain(rule, what)

    def size(self, node):
        text = node.get("size")
        if text.startswith("$"):
            text = self.config.get(text[1:], "0")
        return number(text)

    def component(self, subject):
        reference = subject.find("component")
        return self.components.get(reference.get("ref")) if reference is not None else None

    def maps(self, subject):
        return children(subject, "component/map")

    # ---- the document -----------------------------------------------------

    def check_order(self):
        for node, order in [(self.system, ORDER)] + [(s, SUBJECT_ORDER)
                                                     for s in self.subjects.values()]:
            places = [order.index(child.tag) if child.tag in order else -1 for child in node]
            self.need(-1 not in places and places == sorted(places), "order of elements",
                      node.get("name", "system"))
        for name in VARIABLES:
            self.need(name in self.config, "config", f"no variable {name}")
        for section in ("config", "memory", "events", "channels", "subjects"):
            found = self.system.find(section)
            self.need(found is not None and len(found), "sections", f"no {section}")
        for name, subject in self.subjects.items():
            self.need(subject.find("events") is not None, "subject without events", name)

    def check_unique(self, kind, names):
        for name in names:
            self.need(0 < len(name) <= 63, "length of names", name)
        for name in {n for n in names if names.count(n) > 1}:
            self.complain("names", f"two of {kind} are {name}")

    def check_names(self):
        self.check_unique("subjects", names_of(children(self.system, "subjects/subject")))
        self.check_unique("events", names_of(children(self.system, "events/event")))
        self.check_unique("components", self.own)
        regions = names_of(children(self.system, "channels/channel")) + \
            names_of(children(self.system, "memory/memory"))
        for name in regions:
            if "|" in name:
                self.need(name.split("|")[0] in self.subjects, "names", f"{name} of nobody")
        for name, subject in self.subjects.items():
            self.need("|" not in name, "names", f"subject {name}")
            spec = self.specs.get(subject.find("component").get("ref"))
            resettable = "muinit" in (self.component(subject) or Component(subject, {})).depends
            for node in children(spec, "provides/memory"):
                region = f"{name}|{node.get('logical')}"
                regions.append(region)
                if resettable and node.get("writable") == "true" and \
                        node.find("file") is not None:
                    regions.append(f"{region}_{name}")
        self.check_unique("regions", regions)
        files = [f.get("filename") for c in self.own for f in children(
            self.specs[c], "provides/memory[@type='subject_solo5_boot_info']/file")]
        self.check_unique("boot info files", files)

    # ---- memory -----------------------------------------------------------

    def check_crash_audit(self):
        audits = [m for m in self.memory.values() if m.get("type") == "subject_crash_audit"]
        self.need(len(audits) == 1, "crash audit", f"{len(audits)} regions")
        for audit in audits:
            self.need(audit.get("caching") == "UC", "crash audit", "caching is not UC")
            readers = [m for s in self.subjects.values() for m in self.maps(s)
                       if m.get("physical") == audit.get("name")]
            self.need(len(readers) == 1, "crash audit", f"{len(readers)} subjects map it")

    def check_memory_used(self):
        """Muen does not demand it, but a region that nobody maps is a mistake of ours."""
        used = {m.get("physical") for s in self.subjects.values()
                for m in self.maps(s) + children(s, "memory/memory")}
        for name in self.memory:
            self.need(name in used, "memory", f"{name} is mapped by nobody")
        for name in ("ctl", "sts"):
            for region in self.memory.values():
                if region.get("name").endswith(f"|{name}"):
                    fill = region.find("fill")
                    self.need(fill is not None and number(fill.get("pattern")) ==
                              (0xff if name == "ctl" else 0), "pages", region.get("name"))
                    hash_node = region.find("hash")
                    self.need(hash_node is not None and hash_node.get("value") == "none",
                              "pages", f"{region.get('name')} has a hash")

    def check_layout(self, name, component):
        """Regions and channels of one component must not overlap, nor lie askew."""
        last, last_name = 0, None
        for address, size, logical in sorted(component.regions):
            self.need(address % PAGE == 0 and size % PAGE == 0 and size, "alignment",
                      f"{name} {logical}")
            self.need(address >= last, "layout", f"{name}: {last_name} and {logical} overlap")
            last, last_name = address + size, logical

    # ---- resources --------------------------------------------------------

    def check_resources(self, name, subject):
        component = self.component(subject)
        if component is None:
            self.complain("components", f"{name}: no component "
                          f"{subject.find('component').get('ref')}")
            return
        self.check_layout(name, component)
        maps = {m.get("logical"): m for m in self.maps(subject)}
        self.need(len(maps) == len(self.maps(subject)), "maps", f"{name} maps something twice")
        wanted = dict(component.channels)
        if component.log_array:
            logs = [logical for logical in maps if logical.startswith("log_")]
            self.need(logs, "debug server", "no log channels")
            wanted.update({logical: ("reader", number(self.config["logchannel_size"]))
                           for logical in logs})
        everything = {**wanted, **component.memory, **component.devices, **component.events}
        for logical in everything:
            self.need(logical in maps, "maps", f"{name} does not map {logical}")
        for logical in maps:
            self.need(logical in everything, "maps", f"{name} maps {logical}: not asked for")
        for logical, (_, size) in wanted.items():
            if logical in maps:
                physical = maps[logical].get("physical")
                self.need(self.channels.get(physical) == size, "sizes",
                          f"{name} {logical}: {physical}")
        for logical, size in component.memory.items():
            region = self.memory.get(maps[logical].get("physical")) if logical in maps else None
            self.need(region is not None and self.size(region) == size, "sizes",
                      f"{name} {logical}")
        for logical, parts in component.devices.items():
            if logical in maps:
                self.check_device(name, maps[logical], parts)
        for node in children(subject, "memory/memory"):
            self.need(node.get("physical") in self.memory, "memory",
                      f"{name} maps {node.get('physical')}")

    def find_device(self, name):
        for parent, path in ((self.hardware, "devices/device"),
                             (self.additional, "devices/device"),
                             (self.platform, "mappings/aliases/alias"),
                             (self.platform, "mappings/classes/class")):
            node = parent.find(f"{path}[@name='{name}']")
            if node is not None:
                return node
        return None

    def check_device(self, name, node, parts):
        device = self.find_device(node.get("physical"))
        self.need(device is not None, "devices", f"{name}: no device {node.get('physical')}")
        self.need(sorted(names_of(children(node, "map"), "logical")) == sorted(parts),
                  "devices", f"{name}: parts of {node.get('logical')}")
        known = [n.get("name") for n in device.iter()] if device is not None else []
        for part in children(node, "map"):
            self.need(part.get("physical") in known, "devices",
                      f"{name}: {node.get('physical')} has no {part.get('physical')}")

    # ---- channels ---------------------------------------------------------

    def check_channels(self):
        ends = {name: {"reader": [], "writer": []} for name in self.channels}
        for name, subject in self.subjects.items():
            component = self.component(subject)
            for node in children(subject, "channels/*"):
                if node.get("physical") in ends:
                    ends[node.get("physical")][node.tag].append(name)
                else:
                    self.complain("channels", f"{name}: no channel {node.get('physical')}")
            for node in self.maps(subject):
                logical, physical = node.get("logical"), node.get("physical")
                kind = component.channels.get(logical, (None, 0))[0] if component else None
                if component and component.log_array and logical.startswith("log_"):
                    kind = "reader"
                if kind and physical in ends:
                    ends[physical][kind].append(name)
        for name, both in ends.items():
            self.need(len(both["writer"]) == 1, "channels",
                      f"{name} has {len(both['writer'])} writers")
            self.need(both["reader"], "channels", f"{name} has no reader")
            if name.startswith("log_"):
                readers = [r for r in both["reader"] if self.component(self.subjects[r]).log_array]
                self.need(len(readers) == 1, "channels", f"{name} is not read by one debug server")

    def check_linux(self):
        for name, subject in self.subjects.items():
            ends, place = children(subject, "channels/*"), 0xe03000000
            self.check_unique(f"{name}'s channels", names_of(ends, "logical"))
            prefixes = []
            for end in ends:
                self.need(number(end.get("virtualAddress")) == place, "Linux",
                          f"{end.get('logical')} at {end.get('virtualAddress')}")
                place += self.channels.get(end.get("physical"), 0)
                prefix, direction = end.get("logical").rsplit("|", 1)
                self.need(direction == ("in" if end.tag == "writer" else "out"), "Linux",
                          end.get("logical"))
                if prefix not in prefixes:
                    prefixes.append(prefix)
            words = " ".join(n.text or "" for n in children(subject, "bootparams")).split()
            if ends:
                self.need(f"unikernel_iface={','.join(prefixes)}" in words, "Linux",
                          f"boot parameters {words}")
                domains = children(self.system, "deviceDomains/domain")
                self.need(len(domains) == 1 and
                          domains[0].find(f"memory/mapSubjectMemory[@subject='{name}']")
                          is not None, "Linux", "no domain for its network card")
                for node in children(subject, "devices/device"):
                    self.need(self.find_device(node.get("physical")) is not None, "Linux",
                              f"no device {node.get('physical')}")
                    self.need(any(d.get("physical") == node.get("physical") for d in
                                  children(domains[0], "devices/device")) if domains else False,
                              "Linux", "the domain has another device")

    # ---- events -----------------------------------------------------------

    def event_ends(self):
        """(subject, kind, physical, has an action)"""
        for name, subject in self.subjects.items():
            for kind in ("source", "target"):
                for node in subject.iterfind(f"events/{kind}"):
                    for end in node.iter():
                        if end.get("physical"):
                            yield name, kind, end.get("physical"), len(end) > 0
            component = self.component(subject)
            for node in self.maps(subject):
                kind, action = component.events.get(node.get("logical"), (None, False)) \
                    if component else (None, False)
                if kind:
                    yield name, kind, node.get("physical"), action

    def check_events(self):
        ends = list(self.event_ends())
        for name, mode in self.events.items():
            self.need(mode in ("switch", "self", "async", "asap", "kernel"), "events",
                      f"{name} has mode {mode}")
            sources = [e for e in ends if e[2] == name and e[1] == "source"]
            targets = [e for e in ends if e[2] == name and e[1] == "target"]
            if mode == "kernel":
                self.need(sources and not targets, "events", f"ends of {name}")
                self.need(all(e[3] for e in sources), "events", f"{name} without an action")
                continue
            self.need(len(sources) == 1 and len(targets) == 1, "events",
                      f"{name} has {len(sources)} sources and {len(targets)} targets")
            if len(sources) == 1 and len(targets) == 1:
                same = sources[0][0] == targets[0][0]
                self.need(same == (mode == "self"), "events", f"{name} of mode {mode}")
                self.need(mode != "self" or targets[0][3], "events", f"{name}: no action")
        for subject, _, name, _ in ends:
            self.need(name in self.events, "events", f"{subject}: no event {name}")

    def check_groups(self, name, subject):
        groups = {g.get("name"): g for g in children(subject, "events/source/group")}
        exits = groups.get("vmx_exit")
        self.need(exits is not None and len(children(exits, "default")) == 1, "vmx_exit", name)
        for group in groups.values():
            ids = names_of(children(group, "event"), "id")
            self.need(None not in ids and len(set(ids)) == len(ids), "event ids", name)
        ids = [i for i in names_of(children(subject, "events/target/event"), "id") if i]
        self.need(len(set(ids)) == len(ids), "event ids", f"targets of {name}")

    # ---- monitors, restarts -----------------------------------------------

    def check_monitors(self, name, subject):
        component = self.component(subject)
        loaders = children(subject, "monitor/loader")
        own = [l for l in loaders if l.get("subject") == name]
        if component and "muinit" in component.depends:
            self.need(len(own) == 1 and number(own[0].get("virtualAddress")) == 0, "restarts",
                      f"{name} has no loader for itself")
        elif component:
            self.need(not own, "restarts", f"{name} loads itself without muinit")
        if subject.find("component").get("ref") == "sl":
            others = [l.get("subject") for l in loaders if l.get("subject") != name]
            self.need(len(others) == 1 and self.group_of(others[0]) == self.group_of(name),
                      "restarts", f"{name} loads {others}")
        kinds = [node.tag for node in children(subject, "monitor/*")]
        self.need(kinds == sorted(kinds, reverse=True), "monitors", f"order in {name}")
        for node in children(subject, "monitor/state"):
            watched = node.get("subject")
            self.need(watched in self.subjects and watched != name, "monitors", name)
            self.need(self.group_of(name) == self.group_of(watched), "monitors",
                      f"{name} and {watched} are in different groups")

    # ---- scheduling -------------------------------------------------------

    def groups(self):
        return [(partition.get("name"), names_of(children(group, "subject")))
                for partition in children(self.plan, "partitions/partition")
                for group in children(partition, "group")]

    def group_of(self, name):
        found = [group for group in self.groups() if name in group[1]]
        return found[0] if found else None

    def check_groups_of_plan(self):
        subjects = [name for _, group in self.groups() for name in group]
        for name in self.subjects:
            self.need(subjects.count(name) == 1, "scheduling", f"{name} is in "
                      f"{subjects.count(name)} groups")
        switches = [(e[0], e[2], e[1]) for e in self.event_ends() if
                    self.events.get(e[2]) == "switch"]
        edges = {(a[0], b[0]) for a in switches for b in switches
                 if a[1] == b[1] and a[2] == "source" and b[2] == "target"}
        for partition, group in self.groups():
            self.need(group, "scheduling", f"an empty group in {partition}")
            reached, left = set(group[:1]), True
            while left:
                more = {b for pair in edges for a, b in (pair, pair[::-1]) if a in reached}
                left = not more <= reached
                reached |= more
            known = {n for n in group if n in self.subjects}
            self.need(reached == set(group) or (len(group) == 1 and group[0] == "tau0"),
                      "scheduling", f"{sorted(reached ^ set(group))} in {partition}")
            monitors = [n for n in known if self.subjects[n].find("monitor/state") is not None]
            self.need(len(group) == 1 or group[0] not in monitors, "scheduling",
                      f"{partition} begins with a monitor")

    def check_frames(self):
        cores = int(self.hardware.find("processor").get("cpuCores"))
        partitions = names_of(children(self.plan, "partitions/partition"))
        self.check_unique("partitions", partitions)
        home, sets = {}, []
        self.need(int(self.plan.get("tickRate", "0")) > 0, "scheduling", "tickRate")
        for major in children(self.plan, "majorFrame"):
            sums = set()
            ids = [int(c.get("id")) for c in children(major, "cpu")]
            self.need(sorted(ids) == list(range(len(ids))), "scheduling", f"CPUs {ids}")
            self.need(0 < len(ids) <= cores, "scheduling", f"{len(ids)} CPUs of {cores}")
            sets.append(sorted(ids))
            for cpu in children(major, "cpu"):
                frames = children(cpu, "minorFrame")
                ticks = [int(f.get("ticks")) for f in frames]
                self.need(frames and min(ticks) >= 1, "scheduling", f"CPU {cpu.get('id')}")
                sums.add(sum(ticks))
                for frame in frames:
                    home.setdefault(frame.get("partition"), set()).add(cpu.get("id"))
            self.need(len(sums) == 1, "scheduling", f"sums of ticks {sums}")
        self.need(sets and all(s == sets[0] for s in sets), "scheduling", "CPUs of the majors")
        self.need(len(sets) < 2 or any(g == ["tau0"] for _, g in self.groups()), "scheduling",
                  "several majors without tau0")
        self.need(set(home) == set(partitions), "scheduling",
                  f"{set(home) ^ set(partitions)} in frames or partitions only")
        for name, cpus in home.items():
            self.need(len(cpus) == 1, "scheduling", f"{name} runs on CPUs {cpus}")

    def run(self):
        self.check_order()
        self.check_names()
        self.check_crash_audit()
        self.check_memory_used()
        for name, subject in self.subjects.items():
            self.check_resources(name, subject)
            self.check_groups(name, subject)
            self.check_monitors(name, subject)
        self.check_channels()
        self.check_linux()
        self.check_events()
        self.check_groups_of_plan()
        self.check_frames()
        return self.problems


def main(arguments):
    damage = arguments[0] == "--damage"
    system, plan, hardware, platform, additional, *specs = [
        ET.parse(path).getroot() for path in arguments[damage:]]
    rest = (hardware, platform, additional, specs)
    problems = Checker(system, plan, *rest).run()
    if damage:
        count = 0
        for what, damaged, damaged_plan in damages(system, plan):
            count += 1
            try:
                found = Checker(damaged, damaged_plan, *rest).run()
            except (AttributeError, KeyError, IndexError, ValueError, TypeError):
                found = ["not even a system"]
            if not found:
                problems.append(f"not seen: {what}")
        if count < 100:
            problems.append(f"only {count} damages")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
