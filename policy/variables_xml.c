#include "policy/variables.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64 /* of nested expressions and conditionals */

static const char *find_value(const struct xml_node *config, const char *name)
{
	xml_each (node, config, NULL) {
		const char *present = xml_get(node, "name");

		if (present && !strcmp(present, name))
			return xml_get(node, "value");
	}
	return NULL;
}

static int need_variable(const struct xml_node *node, const struct xml_node *config,
			 const char *name, const char **value, struct error *err)
{
	*value = find_value(config, name);
	if (*value)
		return 0;
	xml_fail(node, err, "there is no variable '%s'", name);
	return err_mend(err, "declare it in the system's or the platform's <config>");
}

/* ---- expressions --------------------------------------------------------- */

/* A value as text: "true", "false", or a number. Owned by the caller. */
static char *evaluate(const struct xml_node *node, const struct xml_node *config, int depth,
		      struct error *err);

static char *truth(bool value)
{
	return xstrdup(value ? "true" : "false");
}

static char *evaluate_variable(const struct xml_node *node, const struct xml_node *config,
			       struct error *err)
{
	const char *name, *value;

	if (xml_need(node, "name", &name, err) < 0 ||
	    need_variable(node, config, name, &value, err) < 0)
		return NULL;
	return xstrdup(value);
}

static char *evaluate_literal(const struct xml_node *node, struct error *err)
{
	const char *value;

	return xml_need(node, "value", &value, err) < 0 ? NULL : xstrdup(value);
}

static char *evaluate_all(const struct xml_node *node, const struct xml_node *config, bool wanted,
			  int depth, struct error *err)
{
	bool result = wanted;

	/* and: true unless one is false; or: false unless one is true. */
	xml_each (child, node, NULL) {
		cleanup_free char *value = evaluate(child, config, depth + 1, err);

		if (!value)
			return NULL;
		if (strcmp(value, wanted ? "true" : "false"))
			result = !wanted;
	}
	return truth(result);
}

static char *evaluate_not(const struct xml_node *node, const struct xml_node *config, int depth,
			  struct error *err)
{
	struct xml_node *child = xml_first(node, NULL);
	cleanup_free char *value = NULL;

	if (!child) {
		xml_fail(node, err, "has no operand");
		return NULL;
	}
	value = evaluate(child, config, depth + 1, err);
	return value ? truth(strcmp(value, "true")) : NULL;
}

static char *compare(const struct xml_node *node, const struct xml_node *config, int depth,
		     struct error *err)
{
	struct xml_node *first = xml_first(node, NULL);
	struct xml_node *second = first ? xml_next(first, NULL) : NULL;
	cleanup_free char *left = NULL, *right = NULL;
	const char *name = xml_name(node);

	if (!second) {
		xml_fail(node, err, "has fewer than two operands");
		return NULL;
	}
	left = evaluate(first, config, depth + 1, err);
	right = left ? evaluate(second, config, depth + 1, err) : NULL;
	if (!right)
		return NULL;
	if (!strcmp(name, "eq"))
		return truth(!strcmp(left, right));
	if (!strcmp(name, "ne"))
		return truth(strcmp(left, right));
	if (!strcmp(name, "gt"))
		return truth(strtoll(left, NULL, 10) > strtoll(right, NULL, 10));
	return truth(strtoll(left, NULL, 10) < strtoll(right, NULL, 10));
}

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

static char *evaluate(const struct xml_node *node, const struct xml_node *config, int depth,
		      struct error *err)
{
	const char *name = xml_name(node);

	if (depth > DEPTH_MAX) {
		xml_fail(node, err, "expressions are nested more than %d deep", DEPTH_MAX);
		return NULL;
	}
	if (!strcmp(name, "variable"))
		return evaluate_variable(node, config, err);
	if (is_one_of(name, (const char *const[]){ "boolean", "integer", "string", NULL }))
		return evaluate_literal(node, err);
	if (!strcmp(name, "and") || !strcmp(name, "or"))
		return evaluate_all(node, config, !strcmp(name, "and"), depth, err);
	if (!strcmp(name, "not"))
		return evaluate_not(node, config, depth, err);
	if (is_one_of(name, (const char *const[]){ "eq", "ne", "gt", "lt", NULL }))
		return compare(node, config, depth, err);
	xml_fail(node, err, "only Muen's own mucfgmerge evaluates this");
	err_mend(err, "merge the policy with it, and validate what it writes");
	return NULL;
}

/* Each expression becomes a variable of its name: a boolean, before integers and strings. */
static int evaluate_expressions(struct xml_node *root, struct error *err)
{
	struct xml_node *expressions = xml_first(root, "expressions");
	struct xml_node *config = xml_first(root, "config");

	if (!expressions)
		return 0;
	xml_each (expression, expressions, "expression") {
		struct xml_node *body = xml_first(expression, NULL), *variable;
		cleanup_free char *value = NULL;
		const char *name;

		if (xml_need(expression, "name", &name, err) < 0)
			return -1;
		if (!body)
			return xml_fail(expression, err, "is empty");
		value = evaluate(body, config, 0, err);
		if (!value)
			return -1;
		variable = xml_add_first(config, "boolean");
		xml_set(variable, "name", name);
		xml_set(variable, "value", value);
	}
	return 0;
}

/* ---- references ---------------------------------------------------------- */

/* Attributes that may hold a reference: what a policy sizes and names by variables. */
static int substitute_attributes(struct xml_node *node, const struct xml_node *config,
				 struct error *err)
{
	for (size_t i = 0;; i++) {
		const char *attribute = xml_attribute_name(node, i), *value;

		if (!attribute)
			return 0;
		value = xml_get(node, attribute);
		if (value[0] != '$')
			continue;
		if (need_variable(node, config, value + 1, &value, err) < 0)
			return -1;
		xml_set(node, attribute, value);
	}
}

static int substitute(struct xml_node *node, const struct xml_node *config, struct error *err)
{
	if (substitute_attributes(node, config, err) < 0)
		return -1;
	if (!xml_first(node, NULL)) {
		cleanup_free char *text = xml_text(node);
		const char *value;

		if (text[0] == '$') {
			if (need_variable(node, config, text + 1, &value, err) < 0)
				return -1;
			xml_set_text(node, value);
		}
	}
	xml_each (child, node, NULL)
		if (substitute(child, config, err) < 0)
			return -1;
	return 0;
}

/* ---- conditionals -------------------------------------------------------- */

static int resolve(struct xml_node *node, const struct xml_node *config, struct error *err);

static int resolve_if(struct xml_node *node, const struct xml_node *config, struct error *err)
{
	const char *name, *wanted, *value;

	if (xml_need(node, "variable", &name, err) < 0 ||
	    xml_need(node, "value", &wanted, err) < 0 ||
	    need_variable(node, config, name, &value, err) < 0 || resolve(node, config, err) < 0)
		return -1;
	if (!strcmp(value, wanted))
		xml_each (child, node, NULL)
			xml_add_copy_before(node, child);
	xml_remove(node);
	return 0;
}

static int resolve(struct xml_node *node, const struct xml_node *config, struct error *err)
{
	for (struct xml_node *child = xml_first(node, NULL), *next; child; child = next) {
		next = xml_next(child, NULL);
		if (!strcmp(xml_name(child), "case")) {
			xml_fail(child, err, "only Muen's own mucfgmerge evaluates this");
			return err_mend(err, "merge the policy with it, and validate what it "
					     "writes");
		}
		if ((!strcmp(xml_name(child), "if") ? resolve_if(child, config, err)
						    : resolve(child, config, err)) < 0)
			return -1;
	}
	return 0;
}

int variables_expand(struct xml_node *root, struct error *err)
{
	struct xml_node *config = xml_first(root, "config");

	if (!config)
		return xml_fail(root, err, "has no <config>");
	if (evaluate_expressions(root, err) < 0 || substitute(root, config, err) < 0)
		return -1;
	return resolve(root, config, err);
}
