# Chiron's pytest worker: collects a project once, then forks a worker for each process the runner asks for, from the
# state after collection. Runs under the user's own Python; nothing is installed. It speaks with the runner over a
# socket in lines of JSON, and takes a worker's own socket and output pipe as passed descriptors.
import array
import atexit
import collections
import gc
import json
import os
import select
import signal
import socket
import sys
import threading

COLLECTING = (50000, 20, 100)  # thresholds of the garbage collector while tests are collected


def main():
    control = socket.socket(fileno=int(os.environ["CHIRON_PYTEST_CONTROL"]))
    os.set_inheritable(control.fileno(), False)
    del os.environ["CHIRON_PYTEST_CONTROL"]
    arguments = json.loads(os.environ.pop("CHIRON_PYTEST_ARGUMENTS"))
    link = Link(control)
    try:
        import pytest
    except ImportError as error:
        link.send({"event": "fatal", "message": "this Python (%s) has no pytest: %s" % (sys.executable, error)})
        return 3
    from importlib.util import find_spec
    # Peers that would distribute or shuffle by themselves are told not to.
    if find_spec("xdist"):
        arguments += ["-n", "0"]
    if find_spec("pytest_randomly"):
        arguments += ["-p", "no:randomly"]
    measured = None
    folder = os.environ.pop("CHIRON_PYTEST_COVERAGE", None)
    if folder:
        try:
            measured = start_coverage(folder)
        except Exception as error:
            link.send({"event": "fatal", "message": "this Python (%s) cannot measure coverage: %s; install coverage"
                       % (sys.executable, error)})
            return 3
    plugin = make_plugin(pytest, link, measured, folder)
    # Collection makes much that stays and little that is garbage: the collector would walk it all again and again.
    plugin.thresholds = gc.get_threshold()
    gc.set_threshold(*COLLECTING)
    code = pytest.main(arguments, plugins=[plugin])
    if plugin.is_worker:
        plugin.leave(int(code))
    if measured is not None:
        try:
            measured.stop()
            measured.save()
            describe_sources(folder)
        except Exception as error:
            print("coverage is lost: %r" % (error,), file=sys.stderr)
    link.send({"event": "end", "code": int(code)})
    end_at_once()
    return 0


def end_at_once():
    # As at the end of the interpreter, but without taking every module and test apart, which can take long.
    getattr(threading, "_shutdown", lambda: None)()  # waits for threads that are no daemons
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass
    os._exit(0)


def start_coverage(folder):
    import coverage
    # A data file for every process; what the user configured of contexts would take ours away.
    measured = coverage.Coverage(data_file=os.path.join(folder, "data"), data_suffix=True)
    measured.set_option("run:dynamic_context", None)
    measured.set_option("run:context", None)
    measured.set_option("run:disable_warnings", ["no-data-collected", "module-not-measured", "module-not-imported"])
    measured.start()
    return measured


def fixture_context(fixturedef):
    return "fixture|%s|%s" % (fixturedef.baseid, fixturedef.argname)


def describe_sources(folder):
    """Functions and imports of every measured file: what a change to it can touch, and whom."""
    import coverage
    paths = set()
    for name in os.listdir(folder):
        if name.startswith("data."):
            data = coverage.CoverageData(basename=os.path.join(folder, name))
            data.read()
            paths.update(data.measured_files())
    by_name = {}
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if path:
            by_name[name] = os.path.abspath(path)
    names = {path: name for name, path in by_name.items()}
    sources = {path: describe_source(path, by_name, names) for path in paths if path.endswith(".py")}
    with open(os.path.join(folder, "sources.json"), "w") as out:
        json.dump(sources, out)


def describe_source(path, by_name, names):
    import ast
    try:
        with open(path, "rb") as source:
            tree = ast.parse(source.read())
    except (OSError, SyntaxError, ValueError):
        return {"functions": [], "imports": []}
    functions, imports = [], set()

    def walk(node, prefix):
        for child in ast.iter_child_nodes(node):
            inner = prefix
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                inner = prefix + child.name + "."
                if not isinstance(child, ast.ClassDef):
                    # Decorators, defaults and annotations run with the module: the function is its body.
                    functions.append([child.body[0].lineno, getattr(child, "end_lineno", None) or child.body[-1].lineno,
                                      prefix + child.name])
            elif isinstance(child, ast.Import):
                for alias in child.names:
                    add_import(alias.name)
            elif isinstance(child, ast.ImportFrom):
                base = child.module or ""
                if child.level:
                    package = names.get(path, "").split(".")
                    drop = child.level - (1 if os.path.basename(path) == "__init__.py" else 0)
                    package = package[:len(package) - drop] if drop < len(package) else []
                    base = ".".join(package + ([base] if base else []))
                    if not package:
                        # A module by its file only: relative to its folder.
                        folder = os.path.dirname(path)
                        for _ in range(child.level - 1):
                            folder = os.path.dirname(folder)
                        folder = os.path.join(folder, *(child.module or "").split("."))
                        for alias in child.names:
                            for name in (folder + ".py", os.path.join(folder, "__init__.py"),
                                         os.path.join(folder, alias.name + ".py")):
                                if os.path.exists(name):
                                    imports.add(os.path.abspath(name))
                add_import(base)
                for alias in child.names:
                    add_import(base + "." + alias.name)
            walk(child, inner)

    def add_import(name):
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            found = by_name.get(".".join(parts[:end]))
            if found:
                imports.add(found)

    walk(tree, "")
    return {"functions": functions, "imports": sorted(imports)}


class Link:
    """Lines of JSON over a stream socket, with descriptors beside them."""

    def __init__(self, sock):
        self.sock, self.buffer, self.descriptors = sock, b"", []

    def send(self, message):
        self.sock.sendall(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    def receive(self):
        while b"\n" not in self.buffer:
            piece, extra, _, _ = self.sock.recvmsg(65536, socket.CMSG_SPACE(16))
            for level, kind, data in extra:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    numbers = array.array("i")
                    numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
                    self.descriptors.extend(numbers)
            if not piece:
                return None
            self.buffer += piece
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)


def make_plugin(pytest, link, measured, coverage_folder):
    class Chiron:
        is_worker = False

        def __init__(self):
            self.items, self.queue, self.closed = [], collections.deque(), False
            self.children, self.link = {}, link
            self.seed, self.folder, self.numpy = None, None, None
            self.running, self.output_all = None, False
            self.failed_collection = []

        # ---- before the tests -------------------------------------------------------------------------------
        @pytest.hookimpl(trylast=True)
        def pytest_configure(self, config):
            if not config.pluginmanager.hasplugin("xdist"):
                config.pluginmanager.register(Fixtures(), "chiron-fixtures")

        def pytest_collectreport(self, report):
            if report.failed:
                text = str(report.longrepr)
                self.failed_collection.append([report.nodeid, text[-20000:]])

        @pytest.hookimpl(trylast=True)
        def pytest_collection_finish(self, session):
            self.items = session.items

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtestloop(self, session):
            rows = []
            for item in self.items:
                place = getattr(item, "location", ("", 0, ""))
                rows.append([item.nodeid, str(place[0]), (place[1] or -1) + 1])
            self.link.send({"event": "collected", "tests": rows, "errors": self.failed_collection,
                            "pytest": pytest.__version__, "python": sys.version.split()[0]})
            if measured is not None:
                self.write_links()
            # A fork must not outlive this process, even when that is killed: PR_SET_PDEATHSIG, for every fork.
            try:
                import ctypes
                self.prctl = ctypes.CDLL(None).prctl
            except Exception:
                self.prctl = None
            if gc.get_threshold() == COLLECTING:  # else the project has set its own
                gc.set_threshold(*self.thresholds)
            gc.collect()
            gc.freeze()
            return self.serve(session)

        def write_links(self):
            # Fixtures that tests share run within the first test that needs them; they count for all of them.
            links = {}
            for item in self.items:
                info = getattr(item, "_fixtureinfo", None)
                if info is not None:
                    links[item.nodeid] = [fixture_context(one) for defs in info.name2fixturedefs.values()
                                          for one in defs if one.scope != "function"]
            with open(os.path.join(coverage_folder, "links.json"), "w") as out:
                json.dump(links, out)

        @pytest.hookimpl(hookwrapper=True)
        def pytest_fixture_setup(self, fixturedef):
            if measured is None or not self.is_worker or fixturedef.scope == "function":
                yield
                return
            outside, self.context = self.context, fixture_context(fixturedef)
            measured.switch_context(self.context)
            yield
            self.context = outside
            measured.switch_context(outside)

        # ---- the collected process: forks on request, reports how forks ended ---------------------------------
        def serve(self, session):
            wake_read, wake_write = os.pipe()
            os.set_blocking(wake_write, False)
            previous = signal.signal(signal.SIGCHLD, lambda *_: None)
            previous_wake = signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
            while True:
                self.reap()
                if b"\n" not in self.link.buffer:
                    ready, _, _ = select.select([self.link.sock, wake_read], [], [])
                    if wake_read in ready:
                        os.read(wake_read, 4096)
                    if self.link.sock not in ready:
                        continue
                message = self.link.receive()
                if message is None or message["do"] == "finish":
                    for pid in self.children:
                        self.end(pid)
                    break
                if message["do"] == "kill":
                    for pid, number in self.children.items():
                        if number == message["process"]:
                            self.end(pid)
                    continue
                sock, output = self.link.descriptors[0], self.link.descriptors[1]
                del self.link.descriptors[:2]
                pid = os.fork()
                if pid == 0:
                    signal.set_wakeup_fd(previous_wake)
                    signal.signal(signal.SIGCHLD, previous)
                    os.close(wake_read)
                    os.close(wake_write)
                    self.become_worker(session, message, sock, output)
                    return self.work(session)
                os.close(sock)
                os.close(output)
                self.children[pid] = message["process"]
                self.link.send({"event": "forked", "process": message["process"], "pid": pid})
            signal.set_wakeup_fd(previous_wake)
            signal.signal(signal.SIGCHLD, previous)
            return True

        def end(self, pid):
            for target in (os.killpg, os.kill):
                try:
                    target(pid, signal.SIGKILL)
                except OSError:
                    pass

        def reap(self):
            while self.children:
                try:
                    pid, status = os.waitpid(-1, os.WNOHANG)
                except ChildProcessError:
                    break
                if pid == 0:
                    break
                number = self.children.pop(pid, None)
                if number is None:
                    continue
                ended = {"event": "ended", "process": number}
                if os.WIFSIGNALED(status):
                    ended["signal"] = os.WTERMSIG(status)
                else:
                    ended["code"] = os.WEXITSTATUS(status)
                self.link.send(ended)

        # ---- a worker -----------------------------------------------------------------------------------------
        def become_worker(self, session, message, sock, output):
            self.is_worker = True
            self.children = {}
            self.link.sock.close()
            os.setsid()
            if self.prctl is not None:
                self.prctl(1, signal.SIGKILL, 0, 0, 0)
            self.link = Link(socket.socket(fileno=sock))
            self.seed, self.folder = message.get("seed"), message.get("folder")
            self.numpy = sys.modules.get("numpy")
            self.output_all = message.get("output", False)
            name = message["worker"]
            os.environ["PYTEST_XDIST_WORKER"] = name
            os.environ["PYTEST_XDIST_WORKER_COUNT"] = str(message["workers"])
            os.environ["PYTEST_XDIST_TESTRUNUID"] = message["run"]
            os.environ["CHIRON_TEST_PROCESS"] = message["token"]
            os.environ.update(message.get("environment") or {})
            config = session.config
            config.workerinput = {"workerid": name, "workercount": message["workers"],
                                  "testrunuid": message["run"], "mainargv": sys.argv}
            capture = config.pluginmanager.getplugin("capturemanager")
            if capture is not None:
                # The temporary files behind the capture are shared with every other fork: begin anew.
                capture.suspend_global_capture(in_=True)
                capture.read_global_capture()
                capture.stop_global_capturing()
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.close(output)
            os.set_inheritable(sock, False)
            if capture is not None:
                capture.start_global_capturing()
            self.hold_terminal(config)
            if self.folder:
                # tmp_path and tmp_path_factory work below the process's own folder.
                factory = getattr(config, "_tmp_path_factory", None)
                if factory is not None and getattr(factory, "_given_basetemp", None) is None:
                    try:
                        from pathlib import Path
                        factory._given_basetemp = Path(os.path.join(self.folder, "pytest"))
                        factory._basetemp = None
                    except Exception:
                        pass
            for plugin in config.pluginmanager.get_plugins():
                controller = getattr(plugin, "cov_controller", None)
                if controller is not None and getattr(controller, "cov", None) is not None:
                    self.coverage = controller.cov
                    if measured is not None:
                        self.link.send({"event": "note", "text":
                                        "pytest-cov measures too, and one of the two is blind: "
                                        "leave out --cov or --coverage"})

        coverage = prctl = place = None
        context = ""

        def hold_terminal(self, config):
            # The terminal reporter of a worker has no reader.
            # And a report file is written once, by nobody, rather than by every worker over the others.
            for plugin in list(config.pluginmanager.get_plugins()):
                if type(plugin).__name__ in ("TerminalReporter", "LogXML"):
                    config.pluginmanager.unregister(plugin)

        def leave(self, code):
            for one in (self.coverage, measured):
                if one is None:
                    continue
                try:
                    one.stop()
                    one.save()
                except Exception as error:
                    self.link.send({"event": "note", "text": "coverage of a worker is lost: %s" % error})
            try:
                self.link.send({"event": "bye"})
            except OSError:
                pass
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            except Exception:
                pass
            os._exit(0 if code in (0, 1, 5) else code)

        def ask(self):
            if not self.asked:
                self.asked = True
                self.tell(b'{"event":"more"}\n')

        def tell(self, line):
            # A result waits for the next line: one system call a test instead of two.
            try:
                self.link.sock.sendall(self.unsent + line)
            except OSError:
                os._exit(97)
            self.unsent = b""

        def work(self, session):
            items, protocol, queue = self.items, session.config.hook.pytest_runtest_protocol, self.queue
            self.asked, self.unsent = True, b""
            while True:
                while len(queue) < 2 and not self.closed:
                    self.ask()
                    if self.unsent:
                        self.tell(b"")
                    message = self.link.receive()
                    self.asked = False
                    if message is None or message["do"] == "close":
                        self.closed = True
                    else:
                        queue.extend(message["run"])
                if not queue:
                    break
                index = queue.popleft()
                if len(queue) < 2 and not self.closed:
                    self.ask()
                self.running = index
                self.outcome, self.sections, self.took = "passed", None, 0.0
                self.enter(items[index])
                self.tell(b'{"s":%d}\n' % index)
                protocol(item=items[index], nextitem=items[queue[0]] if queue else None)
                if self.outcome == "passed" and self.sections is None:
                    self.unsent = b'{"p":%d,"t":%.6f}\n' % (index, self.took)
                else:
                    self.tell(json.dumps({"f": index, "t": round(self.took, 6), "o": self.outcome,
                                          **(self.sections or {})}).encode() + b"\n")
                session.shouldstop = session.shouldfail = False
            self.tell(b"")
            try:
                session.config.hook.pytest_sessionfinish(session=session, exitstatus=0)
            except Exception as error:
                self.link.send({"event": "note", "text": "pytest_sessionfinish failed: %r" % (error,)})
            self.leave(0)

        def enter(self, item):
            if measured is not None:
                self.context = item.nodeid
                measured.switch_context(item.nodeid)
            if self.seed is not None:
                self.now = (self.seed + hash_of(item.nodeid)) & 0xFFFFFFFF
            if self.folder:
                self.give_folder()

        def give_folder(self):
            # Most tests leave their folder untouched: the next one takes it over, and no folder is made and removed
            # for each. Its time of change is set to zero, for the clock of files may stand still for a whole test.
            if self.place is None:
                place = os.path.join(self.folder, str(self.running))
                try:
                    os.mkdir(place)
                    os.utime(place, ns=(0, 0))
                except OSError:
                    return
                self.place = place
            if os.environ.get("TMPDIR") != self.place:
                os.environ["TMPDIR"] = self.place
            tempfile = sys.modules.get("tempfile")
            if tempfile is not None and tempfile.tempdir != self.place:
                tempfile.tempdir = None

        def reseed(self):
            if self.seed is None:
                return
            random = sys.modules.get("random")
            if random is not None:
                random.seed(self.now)
            numpy = self.numpy or sys.modules.get("numpy")
            if numpy is not None:
                try:
                    numpy.random.seed(self.now)
                except Exception:
                    pass

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_setup(self, item):
            if self.is_worker:
                self.reseed()

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_call(self, item):
            if self.is_worker:
                self.reseed()

        @pytest.hookimpl(trylast=True)
        def pytest_runtest_teardown(self, item):
            place = self.place
            if place is None or not self.is_worker:
                return
            try:
                if os.stat(place).st_mtime_ns == 0:
                    return
                os.rmdir(place)
                left = []
            except OSError:
                try:
                    left = os.listdir(place)[:10]
                except OSError:
                    left = []
            self.place = None
            if left:
                self.link.send({"event": "left", "test": self.running, "names": left})

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_logreport(self, report):
            if not self.is_worker:
                return
            self.took += report.duration
            outcome = report.outcome
            if outcome == "passed" and not (self.output_all and report.sections):
                return
            if self.sections is None:
                self.sections = {}
            if outcome == "failed":
                self.outcome = "failed"
                repr_ = report.longrepr
                text = str(repr_) if repr_ is not None else ""
                self.sections["longrepr"] = (self.sections.get("longrepr", "") + text)[-100000:]
                crash = getattr(repr_, "reprcrash", None)
                if crash is not None and "message" not in self.sections:
                    self.sections.update(message=str(crash.message)[:2000], file=str(crash.path), line=crash.lineno)
                elif "message" not in self.sections:
                    self.sections["message"] = "%s of the test failed" % report.when
            elif outcome == "skipped" and self.outcome == "passed":
                self.outcome = "skipped"
                reason = getattr(report, "wasxfail", None)
                if reason is not None:
                    self.sections["message"] = "xfail: %s" % reason
                elif isinstance(report.longrepr, tuple):
                    self.sections["message"] = str(report.longrepr[2])[:2000]
            if outcome == "failed" or self.output_all:
                self.sections["output"] = "".join(
                    "----- %s -----\n%s\n" % (title, body[-200000:]) for title, body in report.sections)

    class Fixtures:
        @pytest.fixture(scope="session")
        def worker_id(self, request):
            given = getattr(request.config, "workerinput", None)
            return given["workerid"] if given else "master"

        @pytest.fixture(scope="session")
        def testrun_uid(self, request):
            given = getattr(request.config, "workerinput", None)
            return given["testrunuid"] if given else ""

    return Chiron()


def hash_of(text):
    import zlib
    return zlib.crc32(text.encode("utf-8", "replace"))


if __name__ == "__main__":
    sys.exit(main())
