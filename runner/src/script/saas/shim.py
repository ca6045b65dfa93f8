"""Runs a SaaS plugin, unchanged, as pamrun runs scripts.

In: the plugin's file as first argument; in a step (PAMRUN_STEP) the gateway's line and a line of JSON on stdin.
Out: the answer on stdout: what the plugin is, or, in the step `rotate`, what it returned, also when it failed then.
What the plugin prints to stdout goes to stderr, where nothing is an answer; this file adds only how it failed.
"""

import ast
import atexit
import difflib
import importlib.machinery
import importlib.metadata
import importlib.util
import inspect
import json
import os
import re
import resource
import shlex
import signal
import sys
import time
import traceback

HERE = os.path.dirname(os.path.realpath(__file__))
MODULE = "saas_plugin"


class Unfit(Exception):
    """The plugin cannot be run, or not with what it was given. Nothing was changed."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


# The plugin's file


def load(path):
    """Loads the file and returns its plugin class."""
    sys.dont_write_bytecode = True
    sys.argv = sys.argv[1:]
    sys.path[:] = [folder for folder in sys.path if os.path.realpath(folder) != HERE]
    if importlib.util.find_spec("kdnrm") is None:
        sys.path.append(HERE)
    loader = importlib.machinery.SourceFileLoader(MODULE, path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(MODULE, loader))
    sys.modules[MODULE] = module
    try:
        importlib.import_module("kdnrm.log").Log.init(level="INFO")
        loader.exec_module(module)
        base = importlib.import_module("kdnrm.saas_plugins").SaasPluginBase
    except SyntaxError as error:
        raise Unfit("plugin-unfit", f"line {error.lineno} is no Python: {error.msg}") from None
    except ModuleNotFoundError as error:
        check_requirements(stated_requirements(path))
        raise Unfit("requirements-missing", f"it imports `{error.name}`, which {sys.executable} does not have: "
                    "install what provides it") from None
    except BaseException as error:
        raise Unfit("plugin-unfit", f"it fails while it is loaded: {told(error)}") from None
    return plugin_class(module, base)


def plugin_class(module, base):
    """The class `SaasPlugin`, or the only one that could be meant."""
    own = [value for value in vars(module).values()
           if inspect.isclass(value) and issubclass(value, base) and value.__module__ == MODULE]
    found = [value for value in own if value.__name__ == "SaasPlugin"] or list(dict.fromkeys(own))
    if not found:
        raise Unfit("plugin-unfit", "it has no class that derives from SaasPluginBase")
    if len(found) > 1:
        names = ", ".join(value.__name__ for value in found)
        raise Unfit("plugin-unfit", f"it has several plugin classes ({names}): name the one to run SaasPlugin")
    return found[0]


def check_methods(plugin, base):
    """Refuses a plugin whose password would not be changed, or not be put back, although it looks so."""
    check_method(plugin, base, "change_password")
    own = own_members(plugin, base)
    if "rollback_password" in own:
        check_method(plugin, base, "rollback_password")
    elif "can_rollback" in own and nearest(plugin, own, "rollback_password"):
        refuse_method(plugin, own, "rollback_password")


def own_members(plugin, base):
    """What the class has that the base of all plugins does not bring along."""
    members = {}
    for owner in reversed([owner for owner in plugin.__mro__ if owner not in base.__mro__]):
        members.update(vars(owner))
    return members


def check_method(plugin, base, name):
    own = own_members(plugin, base)
    if name not in own:
        refuse_method(plugin, own, name)
    method = own[name]
    is_bound = not isinstance(method, staticmethod)
    function = getattr(method, "__func__", method)
    if not callable(getattr(plugin, name)):
        raise Unfit("plugin-unfit", f"its class {plugin.__name__} has a `{name}`{line_of(method)} that cannot be "
                    "called: make it a method")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise Unfit("plugin-unfit", f"its method `{name}`{line_of(function)} has a `yield` in it, so that calling it "
                    "does nothing: take that out")
    if not inspect.isfunction(function):
        return
    try:
        inspect.signature(function).bind(*[None] * is_bound)
    except TypeError as error:
        raise Unfit("plugin-unfit", f"its method `{name}`{line_of(function)} cannot be called with `self` only: "
                    f"{error}") from None


def refuse_method(plugin, own, name):
    near = nearest(plugin, own, name)
    meant = f"; did you mean that by `{near}`{line_of(own[near])}?" if near else ": add it"
    raise Unfit("plugin-unfit", f"its class {plugin.__name__} has no method `{name}`{meant}")


def nearest(plugin, own, name):
    """The method that was meant by the name, if one may have been."""
    methods = [member for member in own if not member.startswith("__") and callable(getattr(plugin, member, None))]
    near = {method.lower().replace("_", ""): method for method in methods}
    found = difflib.get_close_matches(name.replace("_", ""), near, n=1, cutoff=0.7)
    return near[found[0]] if found else None


def line_of(member):
    member = getattr(member, "fget", None) or getattr(member, "__func__", member)
    code = getattr(member, "__code__", None)
    return f" (line {code.co_firstlineno})" if code else ""


def describe(plugin):
    """What the plugin says of itself."""
    try:
        check_requirements(done(plugin.requirements()))
        config = [described(item) for item in done(plugin.config_schema())]
    except Unfit:
        raise
    except BaseException as error:
        raise Unfit("plugin-unfit", f"it cannot say what it needs: {told(error)}") from None
    if not isinstance(plugin.name, str) or plugin.name.strip() in ("", "NA"):
        raise Unfit("plugin-unfit", f"its class {plugin.__name__} has no `name`, by which its config record is found")
    check_methods(plugin, importlib.import_module("kdnrm.saas_plugins").SaasPluginBase)
    return {"name": plugin.name, "class": plugin.__name__, "config": config}


def described(item):
    kind = item.type or "text"
    return {
        "label": item.label,
        "type": kind,
        "required": item.required is True,
        "secret": bool(item.is_secret) or kind == "secret",
        "default": None if item.default_value is None else str(item.default_value),
        "choices": [choice.value for choice in item.enum_values or []],
    }


def stated_requirements(path):
    """What the text says that is required, of a file that cannot be loaded without it."""
    with open(path, "rb") as file:
        functions = [node for node in ast.walk(ast.parse(file.read())) if isinstance(node, ast.FunctionDef)]
    for node in (node for function in functions if function.name == "requirements" for node in ast.walk(function)):
        if isinstance(node, ast.List) and all(isinstance(item, ast.Constant) for item in node.elts):
            return [item.value for item in node.elts]
    return []


def check_requirements(requirements):
    missing = [requirement for requirement in requirements or [] if not is_installed(requirement)]
    if missing:
        install = shlex.join([sys.executable, "-m", "pip", "install", *missing])
        raise Unfit("requirements-missing", f"it needs {', '.join(missing)}; install it with: {install}")


def is_installed(requirement):
    """Whether it is there in any version; of what is not called by its name nobody can tell."""
    name = re.match(r"\s*([A-Za-z0-9][\w.-]*)(?![\w.+:/-])", requirement)
    if name is None:
        return True
    try:
        importlib.metadata.distribution(name[1])
    except importlib.metadata.PackageNotFoundError:
        return name[1].isidentifier() and importlib.util.find_spec(name[1]) is not None
    return True


# What the plugin is given


class Record:
    """A record, as far as plugins look into one: with the names of Keeper's client."""

    def __init__(self, given):
        self.uid = given["uid"]
        self.title = given["title"]
        self.type = ""
        places = {"standard": [], "custom": []}
        for field in given["fields"]:
            places[field["place"]].append({"type": field["type"], "label": field["label"], "value": field["values"]})
        self.dict = {"title": self.title, "type": "", "fields": places["standard"], "custom": places["custom"]}

    def get_custom_field_value(self, name, single=False):
        return value_of(self.dict["custom"], name, single)

    def get_standard_field_value(self, name, single=False):
        return value_of(self.dict["fields"], name, single)

    def first(self, *names):
        """The first value that is there and not empty, of a field with one of the names."""
        for name in names:
            for place in ("fields", "custom"):
                for field in self.dict[place]:
                    if name in (field["label"], field["type"]) and field["value"] and field["value"][0]:
                        return field["value"][0]
        return None


def value_of(fields, name, single):
    for key in ("label", "type"):
        for field in fields:
            if field[key] == name:
                values = field["value"]
                return (values[0] if values else None) if single else values
    raise ValueError(f"the record has no field {name}")


def user_of(target, given, types, Secret):
    pending = json.loads(target.first("pamrun_pending") or "{}")
    fields = [types.Field(type=field["type"], label=field["label"], values=field["value"])
              for field in target.dict["custom"] if field["label"] != "pamrun_pending"]
    secret = Secret.get_secret
    return types.SaasUser(
        username=Secret(target.first("login") or ""),
        dn=secret(target.first("distinguishedName")),
        new_password=Secret(given["proposed"]),
        prior_password=secret(pending.get("old")),
        prior_private_key=secret(target.first("privatePEMKey")),
        database=target.first("connectDatabase"),
        fields=fields,
    )


def provider_of(record, name, types, Secret):
    """What the PAM configuration holds, where it lets this plugin have that."""
    allowed = str(record.first("Allow SaaS Access") or "").splitlines() if record else []
    if name not in [line.strip() for line in allowed]:
        return None

    def needed(*names):
        value = record.first(*names)
        if value is None:
            raise Unfit("provider-incomplete", f"the PAM configuration {record.uid} has no `{names[0]}`")
        return Secret(value)

    def lines(*names):
        return [line.strip() for line in str(record.first(*names) or "").splitlines() if line.strip()]

    if record.first("clientId", "pamazureclientid", "Client Id"):
        return types.AzureConfig(
            subscription_id=needed("subscriptionId", "pamazuresubscriptionid", "Subscription Id"),
            tenant_id=needed("tenantId", "pamazuretenantid", "Tenant Id"),
            application_id=needed("clientId", "pamazureclientid", "Client Id"),
            client_secret=needed("clientSecret", "pamazureclientsecret", "Client Secret"),
            resource_groups=lines("resourceGroups", "pamazureresourcegroup", "Resource Groups"),
            authority=record.first("Azure Authority FQDN"),
            graph_endpoint=record.first("Azure Graph Endpoint"),
        )
    if record.first("accessKeyId", "pamawsaccesskeyid"):
        return types.AwsConfig(
            aws_access_key_id=needed("accessKeyId", "pamawsaccesskeyid"),
            aws_secret_access_key=needed("accessSecretKey", "pamawsaccesssecretkey"),
            region_names=lines("regionNames", "pamawsregionname"),
        )
    if record.first("networkCIDR", "pamnetworkcidr"):
        return types.NetworkConfig(cidrs=lines("networkCIDR", "pamnetworkcidr"))
    raise Unfit("provider-unknown", f"the plugin is to have the PAM configuration {record.uid}, and that is none of "
                "Azure, AWS or a network")


# The step


def rotate(plugin, given):
    """Changes the password; the answer when all went well, or when nothing is changed any more."""
    types = importlib.import_module("kdnrm.saas_type")
    secret = importlib.import_module("kdnrm.secret").Secret
    records = [(record["role"], Record(record)) for record in given["typed_records"]]
    of_role = {role: record for role, record in reversed(records)}
    config = next(record for role, record in records if role == "attached" and is_config(record, plugin.name))
    try:
        made = plugin(
            user=user_of(of_role["target"], given, types, secret),
            config_record=config,
            provider_config=provider_of(of_role.get("provider"), plugin.name, types, secret),
            force_fail=False,
        )
    except Unfit:
        raise
    except BaseException as error:
        raise Unfit(code_of(error), told(error)) from None
    in_hand = InHand(made, secret)
    signal.signal(signal.SIGTERM, lambda *_: end(in_hand))
    try:
        done(made.change_password())
        updates = in_hand.updates()
    except BaseException as error:
        return undo(made, error, in_hand, given["settle_window"])
    password = {"label": "password", "place": "standard", "type": "password", "value": given["proposed"]}
    return {"handle": given["rotation_id"], "updates": [password, *updates]}


def done(result):
    """What a method returned; one that is to be awaited is run to its end."""
    if inspect.isgenerator(result) or inspect.isasyncgen(result):
        raise TypeError("it returned a generator, which does nothing until somebody asks it to")
    if not inspect.isawaitable(result):
        return result

    async def awaited():
        return await result

    # It takes a while, which few plugins have to wait for.
    return importlib.import_module("asyncio").run(awaited())


def is_config(record, name):
    try:
        return record.get_custom_field_value("SaaS Type", single=True).strip() == name
    except (AttributeError, ValueError):
        return False


class InHand:
    """What the plugin has returned so far."""

    def __init__(self, made, secret):
        self.made, self.secret = made, secret

    def updates(self):
        """The updates of it; of two fields with one label the last counts."""
        updates = {}
        for field in self.made.return_fields or []:
            update = self.update(field)
            if update["label"]:
                updates[update["label"]] = update
        return list(updates.values())

    def readable(self):
        """Those that can be made of it, whatever went wrong: all of them, since nobody knows which counts."""
        updates = []
        try:
            for field in list(self.made.return_fields or []):
                try:
                    updates.append(self.update(field))
                except BaseException as error:
                    print(f"a field that was returned cannot be read: {told(error)}", file=sys.stderr)
        except BaseException as error:
            print(f"the fields that were returned cannot be read: {told(error)}", file=sys.stderr)
        return updates

    def update(self, field):
        """What the plugin wraps into a secret is saved as one."""
        value = self.secret.get_value(field.value)
        kind = "secret" if isinstance(field.value, self.secret) else field.type or "text"
        if isinstance(value, (bytes, bytearray)):
            value = value.decode()
        text = "" if value is None else str(value)
        return {"label": " ".join(str(field.label).split()), "place": "custom", "type": str(kind), "value": text}


def undo(made, error, in_hand, settle_window):
    """Lets the plugin put the old password back, if it can: once nothing that was sent can land any more."""
    words = told(error)
    try:
        if not hasattr(error, "codes"):
            traceback.print_exception(type(error), error, error.__traceback__)
        if not can_rollback(made) or made.user.prior_password is None:
            fail(words, in_hand)
        print(f"{words}; putting the old password back in {settle_window:g} s", file=sys.stderr, flush=True)
        time.sleep(settle_window)
        done(made.rollback_password())
    except BaseException as second:
        fail(f"{words}; and then the old password could not be put back: {told(second)}", in_hand)
    message = f"{words}; the plugin has put the old password back"
    return {"failure": {"kind": "denied", "code": code_of(error), "message": message}, "updates": in_hand.readable()}


def can_rollback(made):
    """Whether it says so, and has what it takes: that of the base does nothing."""
    base = importlib.import_module("kdnrm.saas_plugins").SaasPluginBase
    says = made.can_rollback
    says = done(says() if callable(says) else says)
    return says is True and "rollback_password" in own_members(type(made), base)


def fail(words, in_hand):
    """Ends where nobody knows what has changed, with what is in hand."""
    print(words, file=sys.stderr)
    answer({"updates": in_hand.readable()})
    leave(1)


def end(in_hand):
    """Ends at once, since it was told to."""
    answer({"updates": in_hand.readable()})
    os._exit(1)


def told(error):
    """Its name and its words, as far as it has any that can be printed."""
    try:
        text = " ".join(str(error).split()).encode("utf-8", "backslashreplace").decode()
    except BaseException:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def code_of(error):
    try:
        word = str(error.codes[0].get("code", "")).lower().replace("_", "-")
    except BaseException:
        word = ""
    return word if re.fullmatch(r"[a-z0-9-]{1,64}", word) else "saas-exception"


def answer(answer):
    """Writes it where nobody else writes to; once, whoever else wants to."""
    global answers
    if answers:
        written, answers = answers, None
        json.dump(answer, written)
        written.flush()


def leave(status):
    """Ends now, whatever threads the plugin left."""
    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    step = os.environ.get("PAMRUN_STEP")
    given = sys.stdin.buffer.read().splitlines()[-1] if step else None
    try:
        plugin = load(sys.argv[1])
        answer(rotate(plugin, json.loads(given)) if step else describe(plugin))
    except Unfit as error:
        answer({"failure": {"kind": "invalid", "code": error.code, "message": str(error)}})
    leave(0)


answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
main()
