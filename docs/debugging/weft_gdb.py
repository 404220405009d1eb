# What runtime::dump() says, for a stopped process or a core dump: reads structures, calls nothing.
#
#   (gdb) source weft_gdb.py
#   (gdb) weft all            workers, queues and tasks of every runtime
#   (gdb) weft workers
#   (gdb) weft queues
#   (gdb) weft tasks [N]      at most N tasks, 10000 unless given
#
# The program and weft must be compiled with -g; -O2 is no hindrance. For libstdc++. A worker may have been stopped at
# any instruction, so what is just being changed can look odd: a chain that cannot be read says so and the rest goes on.
# Guide: docs/debugging.md. Layouts that are computed here rather than read are marked LAYOUT.
# SPDX-License-Identifier: Apache-2.0
import re
import time

import gdb

NO_SYMBOLS = "weft: no debug information for weft in this program: compile it and weft with -g (and do not strip)"
FLAGS = 7  # of a leaf word, and of a frame's link
ROW_IS_ON = 1 << 63  # in a fork's count of those that have not arrived
UNLINKED = 8  # in a leaf word, in the place of an operation
SHOWN = 16  # frames of a long chain at either end
DEEPEST = 24
LONGEST_LIST = 48


class Unreadable(Exception):
    pass


def field(value, wanted, code=None):
    """The member `wanted` of a library type, however deep it stands in bases and members."""
    if value.type.strip_typedefs().code not in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        return None
    for each in value.type.strip_typedefs().fields():
        if not hasattr(each, "bitpos"):
            continue  # static
        if each.name in wanted and code in (None, each.type.strip_typedefs().code):
            return value[each]
        found = field(value[each], wanted, code)
        if found is not None:
            return found
    return None


def held(unique):
    """The pointer in a std::unique_ptr."""
    return field(unique, ("_M_head_impl",), gdb.TYPE_CODE_PTR)  # the deleter has the same name


def loaded(atomic):
    return field(atomic, ("_M_i", "_M_p"))


def elements(vector):
    start, end = vector["_M_impl"]["_M_start"], vector["_M_impl"]["_M_finish"]
    return [start[i] for i in range(int(end - start))]


def text_of(string):
    return string["_M_dataplus"]["_M_p"].string(length=int(string["_M_string_length"]))


def without_result(name):
    depth = 0
    for at, c in enumerate(name):
        depth += (c in "<([") - (c in ">)]")
        if c == "(" and depth == 1:
            break
        if c == " " and depth == 0:
            return name[at + 1 :]
    return name


def opening(text, pair):
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] == pair[1]) - (text[at] == pair[0])
        if depth == 0:
            return at
    return -1


def short(name, pair):
    kept, at = "", 0
    while at < len(name):
        end = at + 1
        if name[at] == pair[0]:
            depth = 1
            while end < len(name) and depth:
                depth += (name[end] == pair[0]) - (name[end] == pair[1])
                end += 1
        kept += name[at:end] if end - at <= LONGEST_LIST else pair[0] + "..." + pair[1]
        at = end
    return kept


def coroutine_name(name):
    """As runtime/work/coroutine_name.cc."""
    if name.endswith("]") and opening(name, "[]") > 0:
        name = name[: opening(name, "[]") - 1]
    name = without_result(name)
    mangled = name.rfind("::_Z")
    if name.endswith(".Frame*)") and 0 < opening(name, "()") < mangled:
        at = opening(name, "()")
        qualified, written = name[:at], name[at + 1 : mangled]
        last = qualified.rfind("::")
        name = written if qualified.startswith(written) or last < 0 else qualified[: last + 2] + written
    name = re.sub(r"weft::v0_\d+::", "weft::", name)
    name = name.replace("{anonymous}::", "").replace("(anonymous namespace)::", "")
    return short(short(name, "<>"), "()")


class Site:
    def __init__(self, location):
        where = field(location, ("_M_impl",))
        self.is_known = int(where) != 0
        if self.is_known:
            self.name = coroutine_name(where["_M_function_name"].string())
            self.place = "%s:%d" % (where["_M_file_name"].string(), int(where["_M_line"]))

    def __str__(self):
        return "%s at %s" % (self.name, self.place) if self.is_known else "(unknown)"


class Weft:
    """The types of the weft that is in the program, and its engines."""

    def __init__(self):
        try:
            head = gdb.parse_and_eval("weft_live_engines")
            engine = head.type.strip_typedefs().target()
            self.space = engine.name[: -len("rt::engine")]
            if not engine.fields():
                raise gdb.GdbError(NO_SYMBOLS)
        except (gdb.error, AttributeError, TypeError, RuntimeError) as error:
            raise gdb.GdbError(NO_SYMBOLS + " (%s)" % error)
        self.engines = []
        while int(head) and len(self.engines) < 1000:
            self.engines.append(head.dereference())
            head = head["next_engine_"]

    def type(self, name):
        try:
            return gdb.lookup_type(self.space + name)
        except gdb.error:
            raise Unreadable("no debug information for weft::" + name)

    def at(self, address, name):
        return gdb.Value(int(address)).cast(self.type(name).pointer()).dereference()

    @staticmethod
    def now_ns():
        """The clock of timers; None in a core dump."""
        target = gdb.execute("info target", to_string=True)
        return None if "core dump" in target or "Local core" in target else time.clock_gettime_ns(time.CLOCK_MONOTONIC)

    def due(self, deadline):
        if deadline == (1 << 63) - 1:
            return "for ever"
        now = self.now_ns()
        if now is None:
            return "due at %d ms of the monotonic clock" % (deadline // 10**6)
        return "due in %d ms" % -((now - deadline) // 10**6) if deadline > now else "due now"


class Runtime:
    def __init__(self, weft, engine):
        self.weft = weft
        self.parts = held(engine["parts_"]).dereference()
        self.name = text_of(self.parts["name"])
        self.place = self.parts["threads"]["place_"]
        self.stations = [held(each).dereference() for each in elements(self.place["stations"])]
        self.workers = [held(each).dereference() for each in elements(self.parts["threads"]["workers_"])]
        rosters = self.parts["tasks"]["_M_elems"]
        low, high = rosters.type.strip_typedefs().range()
        self.rosters = [rosters[i]["value"] for i in range(low, high + 1)]

    def title(self):
        tasks = sum(int(each["size_"]) for each in self.rosters)
        return "weft runtime '%s': %d workers, %d tasks" % (self.name, len(self.workers), tasks)

    # --- workers and queues

    def is_parked(self, index):
        return bool(field(self.place["sleepers"]["places_"], ("_M_start",))[index]["is_parked"])

    def print_workers(self):
        print("workers")
        for index, worker in enumerate(self.workers):
            number = int(loaded(worker["thread_id_"]))
            thread = [t.num for t in gdb.selected_inferior().threads() if number and number in t.ptid]
            running = worker["turn_"]["running"]
            if int(running):
                site = Site(running.dereference()["site_"])
                doing = "runs %s, whose last await was at %s" % (site.name, site.place)
            elif self.is_parked(index):
                on_duty = int(self.place["sleepers"]["sentinel_"]) == index
                doing = "asleep, looks in on the others" if on_duty else "asleep"
            else:
                doing = "searching for a job" if bool(worker["is_searching_"]) else "awake"
            print("  %s-%d (thread %d%s): %s; %s" % (self.name, index, number,
                  ", gdb's %d" % thread[0] if thread else "", doing, self.station_text(self.stations[index])))

    @staticmethod
    def station_text(station):
        ready = station["ready"]
        forks = station["forks"]
        counts = [int(loaded(last)) - int(loaded(first))
                  for first, last in ((ready["head_"]["value"], ready["tail_"]["value"]),
                                      (forks["thieves_"]["value"]["top"], forks["bottom_"]["value"]))]
        events = station["events"]
        counts[0] += int(loaded(station["next"]["held_"]) != 0)
        text = "jobs: %d ready, %d forked; timers: %d" % (*[max(0, n) for n in counts], int(events["timers_"]["size_"]))
        backend = held(events["io_"])
        try:
            io = backend.cast(backend.dynamic_type).dereference()
            text += "; descriptors: %d" % int(io["slab_"]["in_use_"])
        except gdb.error:
            pass  # another backend
        return text

    def print_queues(self):
        shared = self.place["shared"]
        parts = held(shared["parts_"])
        jobs = sum(int(parts[i]["value"]["jobs_"]["size_"]) for i in range(int(shared["count_"])))
        print("queues\n  shared: %d jobs\npools" % jobs)
        for name in ("compute", "blocking"):
            crew = self.parts[name]["crew_"]
            threads, running = int(crew["threads_"]), int(crew["running_"])
            print("  %s: %d threads, %d of them idle; %d calls queued, %d ended"
                  % (name, threads, threads - running, int(crew["queue_"]["size"]), int(crew["ended_"])))

    # --- tasks

    def members(self, roster):
        links = roster["members_"]["first_"]
        while int(links):
            member = links.cast(self.weft.type("rt::roster::member").pointer())  # downwards: moves the pointer
            yield int(member.cast(self.weft.type("rt::scope").pointer()))
            links = links["next"]

    def print_tasks(self, most):
        print("tasks")
        self.running = {}
        for index, worker in enumerate(self.workers):
            frame = worker["turn_"]["running"]
            if int(frame):
                self.running[int(frame["scope_"])] = (frame, "%s-%d" % (self.name, index))
        pending = [(scope, 0) for roster in self.rosters for scope in self.members(roster)][::-1]
        written = 0
        while pending and written < most:
            scope, level = pending.pop()
            written += 1
            try:
                children = self.print_scope(scope, level)
            except (Unreadable, gdb.error) as error:
                print("%s- a task that cannot be read (%s)" % (self.indent(level), error))
                children = []
            pending += [(child, level + 1) for child in children][::-1]
        if pending:
            print("  ... and %d more" % len(pending))

    @staticmethod
    def indent(level):
        return " " * (2 + 2 * min(level, DEEPEST)) + ("[level %d] " % level if level > DEEPEST else "")

    def print_scope(self, address, level):
        scope = self.weft.at(address, "rt::scope")
        word = int(loaded(scope["leaf_"]))
        op, root = word & ~FLAGS, scope["root"]
        op = 0 if op == UNLINKED else op
        innermost, children = None, []
        extras = loaded(scope["extras_"])
        hook = extras["running"] if int(extras) else 0
        if address in self.running:
            innermost, worker = self.running[address]
            state = "running on " + worker
        elif op:
            innermost = scope["at"] if int(root) else None
            state, children = self.wait_of(op)
        elif int(hook):
            innermost = scope["at"] if int(scope["at"]) else None
            state, children = "awaits clean-up", [int(hook)]
        elif not int(root) or self.has_ended(root):
            state = "has ended"
        else:
            innermost = scope["at"]
            foreign = int(innermost["link_"]) & 2 and not self.has_ended(innermost)
            state = "something that is not weft's" if foreign else "ready to run"
        if word & 1:
            state += ", stopping"
        name = Site(root["site_"]).name if int(root) else "(no coroutine)"
        spawned_at = None
        if not int(scope["joined"]):  # a member of a roster
            mark = self.weft.at(address, "rt::roster::member")["mark"]
            given = held(mark["name_"])
            name = text_of(given.dereference()) if int(given) else name
            spawned_at = Site(mark["where_"])
        print("%s- %s: %s" % (self.indent(level), name, state))
        if spawned_at is not None and spawned_at.is_known:
            print("%s    spawned at %s" % (self.indent(level), spawned_at.place))
        if innermost is not None:
            self.print_chain(innermost, level)
        return children

    @staticmethod
    def has_ended(root):
        # LAYOUT: a coroutine's frame begins with two pointers, resume and destroy, and the promise follows. The first is
        # null at the final suspension.
        words = gdb.Value(int(root) - 16).cast(gdb.lookup_type("unsigned long").pointer())
        return int(words.dereference()) == 0

    def print_chain(self, frame, level):
        chain, seen = [], set()
        while int(frame) and int(frame) not in seen:
            seen.add(int(frame))
            chain.append(frame)
            link = int(frame["link_"]) & ~FLAGS
            if not link:
                break
            frame = self.weft.at(link, "rt::link")["parent"]
        chain.reverse()
        hidden = len(chain) - 2 * SHOWN
        for at, each in enumerate(chain):
            if hidden > 0 and at == SHOWN:
                print("%s    ... %d more frames ..." % (self.indent(level), hidden))
            if hidden <= 0 or at < SHOWN or at >= SHOWN + hidden:
                print("%s    %s" % (self.indent(level), Site(each["site_"])))

    def wait_of(self, address):
        """What an operation says, and the scopes that it waits for."""
        op = self.weft.at(address, "rt::leaf_op")
        name = op["what"]["name"].string()
        if name.startswith("sleeping"):
            sleeper = self.weft.at(address, "detail::sleep_awaiter")
            return name + self.weft.due(int(sleeper["alarm_"]["due_ns"])), []
        if name.startswith("I/O"):
            io = self.weft.at(address, "rt::io_op")
            verb = {0: "reading", 1: "reading", 2: "writing", 3: "writing", 4: "accepting on", 5: "connecting"}
            return "%s%s descriptor %d" % (name, verb.get(int(io["kind"]), "using"), int(io["on"]["record"]["file"])), []
        if name in ("compute", "spawn_blocking"):
            queued = int(self.weft.at(address, "rt::call")["prev"]) != 0
            return name + (", queued" if queued else ", on a thread"), []
        if name.startswith("a task_group"):
            return self.group_of(name, self.weft.at(address, "rt::leaf_op")["waiter"])
        if not int(op["what"]["for_each_child"]):
            return name, []
        return self.join_of(name, address)

    def group_of(self, name, keeper):
        # LAYOUT: task_group::standalone is a group_core, whose keeper, a roster's member, is its first own member.
        core_type = self.weft.type("detail::group_core")
        core = self.weft.at(int(keeper) - core_type.sizeof, "detail::group_core")
        children = list(self.members(core["children_"]))
        return "%s%d children" % (name, len(children)), children

    def join_of(self, name, address):
        # LAYOUT: a join's child begins with its scope. with_timeout's stands right behind the join, and its timer behind
        # it; with_task_group has its core somewhere behind the join (a group_core and a pointer to the
        # join), and its body behind that; all others have an array of children, which are no more than
        # scopes, between begin_ and end_.
        scope_type = self.weft.type("rt::scope")
        scope_size = scope_type.sizeof
        joined_at = next(each.bitpos // 8 for each in scope_type.fields() if each.name == "joined")
        word = gdb.lookup_type("unsigned long")

        def points_here(at):
            return int(gdb.Value(at).cast(word.pointer()).dereference()) == address

        def is_child(at):
            return points_here(at + joined_at)

        def somewhere_behind(begin):
            return range(begin, begin + 64 * word.sizeof, word.sizeof)

        behind = address + self.weft.type("detail::join").sizeof
        if name.startswith("with_timeout") and is_child(behind):
            # A timer that was never set belongs to a time that was up.
            timer = self.weft.at(behind + scope_size, "rt::timer")
            due = self.weft.due(int(timer["deadline_ns"])) if int(timer["wheel"]) else "due now"
            return name + due, [behind]
        if name.startswith("with_task_group"):
            core_size = self.weft.type("detail::group_core").sizeof
            cores = [at for at in somewhere_behind(behind) if points_here(at + core_size)]
            bodies = [at for at in somewhere_behind(cores[0] + core_size) if is_child(at)] if cores else []
            if bodies:
                children = list(self.members(self.weft.at(cores[0], "detail::group_core")["children_"]))
                return "%s%d children" % (name, len(children)), bodies[:1] + children
        join = self.weft.at(address, "detail::fork_join")
        begin, end = int(join["begin_"]), int(join["end_"])
        if begin and begin < end and (end - begin) % scope_size == 0 and is_child(begin):
            children = list(range(begin, end, scope_size))
            left = int(loaded(join["pending_"]))
            if left > ROW_IS_ON // 2:
                left = len(children) - int(join["ended_in_row_"]) - (ROW_IS_ON - left)
            return "%s%d of %d children left" % (name, left, len(children)), children
        return name.rstrip(": ") + " (its children are not known to this script)", []


class WeftCommand(gdb.Command):
    """weft workers | queues | tasks [N] | all: what goes on in the program's weft runtimes."""

    def __init__(self):
        super().__init__("weft", gdb.COMMAND_STATUS)

    def complete(self, text, word):
        return [each for each in ("workers", "queues", "tasks", "all") if each.startswith(text)]

    def invoke(self, argument, from_tty):
        words = argument.split() or ["all"]
        if words[0] not in ("workers", "queues", "tasks", "all") or (len(words) > 1 and not words[1].isdigit()):
            raise gdb.GdbError(self.__doc__)
        weft = Weft()
        if not weft.engines:
            print("weft: no runtime lives")
        for engine in weft.engines:
            try:
                runtime = Runtime(weft, engine)
                print(runtime.title())
                if words[0] in ("workers", "all"):
                    runtime.print_workers()
                if words[0] in ("queues", "all"):
                    runtime.print_queues()
                if words[0] in ("tasks", "all"):
                    runtime.print_tasks(int(words[1]) if len(words) > 1 else 10000)
            except (gdb.error, Unreadable, AttributeError, TypeError) as error:
                raise gdb.GdbError("%s (%s)" % (NO_SYMBOLS, error))


WeftCommand()
