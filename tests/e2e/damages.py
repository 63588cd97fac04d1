"""Damages to a system policy: each breaks a rule that check_system.py knows."""

import copy


def damages(system, plan):
    """Each damage of the system or the plan: (what, system, plan)."""
    parents = {child: parent for root in (system, plan) for parent in root.iter()
               for child in parent}
    removable = {"map", "event", "channel", "default", "loader", "reader", "writer", "subject",
                 "minorFrame", "partition", "boolean"}
    for root in (system, plan):
        for node in list(root.iter()):
            parent = parents.get(node)
            inside = parent is not None and parent.tag not in ("provides", "requires", "config")
            own = any(a.tag == "components" for a in ancestors(node, parents))
            if parent is None or own:
                continue
            place = list(parent).index(node)
            if node.tag in removable and (inside or node.tag == "boolean"):
                parent.remove(node)
                yield f"without <{node.tag} {node.attrib}>", system, plan
                parent.insert(place, node)
            if node.tag in ("event", "channel", "subject", "partition", "map", "minorFrame") and \
                    parent.tag != "cpu":
                parent.insert(place, copy.deepcopy(node))
                yield f"twice <{node.tag} {node.attrib}>", system, plan
                parent.remove(parent[place])
            for key in ("physical", "partition", "ticks", "mode", "ref", "caching"):
                if node.get(key) and not (key == "caching" and node.get(key) != "UC"):
                    before = node.get(key)
                    node.set(key, "77" if key == "ticks" else "other")
                    yield f"{key} of <{node.tag} {before}>", system, plan
                    node.set(key, before)


def ancestors(node, parents):
    while node in parents:
        node = parents[node]
        yield node
