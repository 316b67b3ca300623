"""launch/kubernetes/mpijob.yaml is a valid MPIJob, and fits the image of launch/docker/Dockerfile.

    mpijob_test.py PROJECT

Validates it against mpijob_schema.json, which allows only what is known to be right. With GEMEL_MPIJOB_CRD, the path of the operator's own
definition (manifests/base/kubeflow.org_mpijobs.yaml of github.com/kubeflow/mpi-operator), against that, too. Ends with 77 when Python's yaml or
jsonschema is missing.
"""
import copy
import json
import os
import re
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"SKIPPED: {missing}; launch/install-deps.sh installs python3-yaml and python3-jsonschema")
    sys.exit(1 if os.environ.get("CI") else 77)

project = sys.argv[1]
failures = 0


def read(path):
    with open(os.path.join(project, path), encoding="utf-8") as file:
        return file.read()


def check(what, holds):
    global failures
    if not holds:
        print("FAILED:", what)
        failures += 1


def complaints(document, schema):
    validator = jsonschema.Draft7Validator(schema)
    return [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in validator.iter_errors(document)]


def strict(schema):
    """The schema of a Kubernetes definition as JSON Schema, without fields that it does not name (Kubernetes would drop them)."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": schema.get("pattern", "")}]}
    result = {key: strict(value) for key, value in schema.items() if key not in ("format", "description", "default")}
    if "properties" in result and result.get("type") == "object":
        result.setdefault("additionalProperties", False)
    return result


job = yaml.safe_load(read("launch/kubernetes/mpijob.yaml"))
schema = json.loads(read("tests/cluster/mpijob_schema.json"))
jsonschema.Draft7Validator.check_schema(schema)
schemas = {"mpijob_schema.json": schema}
if os.environ.get("GEMEL_MPIJOB_CRD"):
    with open(os.environ["GEMEL_MPIJOB_CRD"], encoding="utf-8") as file:
        definition = yaml.safe_load(file)
    version = next(v for v in definition["spec"]["versions"] if v["name"] == "v2beta1")
    operators = strict(version["schema"]["openAPIV3Schema"])
    operators["properties"]["metadata"] = {"type": "object"}
    schemas["the operator's"] = operators

# Each of them must be noticed: a path, and what stands there instead.
mistakes = [
    ("spec/slotsPerWorkers", 2),
    ("spec/slotsPerWorker", "2"),
    ("spec/runPolicy/backoffLimit", "twenty"),
    ("spec/mpiReplicaSpecs/Worker/replicas", "four"),
    ("spec/mpiReplicaSpecs/Worker/template/spec/containers/0/arguments", ["-De"]),
    ("spec/mpiReplicaSpecs/Worker/template/spec/containers/0/args", "-De"),
    ("spec/mpiReplicaSpecs/Launcher/template/spec/containers/0/volumeMounts/0/path", "/shared"),
    ("spec/mpiReplicaSpecs/Launcher/template/spec/securityContext/runAsUser", "gemel"),
]
for name, document in schemas.items():
    found = complaints(job, document)
    check(f"mpijob.yaml against {name}: {found}", not found)
    for path, value in mistakes:
        wrong = copy.deepcopy(job)
        place = wrong
        *parents, last = [int(part) if part.isdigit() else part for part in path.split("/")]
        for part in parents:
            place = place[part]
        place[last] = value
        check(f"{name} lets {path}: {value!r} pass", complaints(wrong, document))

# The operator's definition takes any word here, the operator does not.
for path, value in [("launcherCreationPolicy", "Later"), ("mpiImplementation", "LAM")]:
    check(f"mpijob_schema.json lets {path}: {value} pass", complaints(job | {"spec": job["spec"] | {path: value}}, schema))

# What no schema says.
spec = job["spec"]
launcher, worker = (spec["mpiReplicaSpecs"][kind]["template"]["spec"] for kind in ("Launcher", "Worker"))
workers, slots = spec["mpiReplicaSpecs"]["Worker"]["replicas"], spec["slotsPerWorker"]
check(f"{workers} x {slots} ranks are more than the 8 lanes", workers * slots <= 8)
check("a rank has no processor of its own", int(worker["containers"][0]["resources"]["limits"]["cpu"]) >= slots)
for pod in (launcher, worker):
    volumes = {volume["name"] for volume in pod["volumes"]}
    for container in pod["containers"]:
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        check(f"{container['name']}: mounts {mounted} of the volumes {volumes}", mounted == volumes)
places = [mount["mountPath"] for mount in worker["containers"][0]["volumeMounts"]]
check("workers have the 64 MB of shared memory that Kubernetes gives", "/dev/shm" in places)
arguments = launcher["containers"][0]["args"]
checkpoints = arguments[arguments.index("--checkpoint-dir") + 1]
check(f"checkpoints in {checkpoints} are not on the shared volume", checkpoints.startswith("/shared/") and "/shared" in places)

# The image has what the manifest names.
ssh = read("launch/docker/prepare_ssh.sh")
dockerfile = read("launch/docker/Dockerfile")
command = launcher["containers"][0]["command"][0]
check(f"the image has no {command}", "COPY --from=build /gemel/launch /gemel/launch" in dockerfile and
      os.access(os.path.join(project, command.removeprefix("/gemel/")), os.X_OK))
user = re.search(r"useradd .*--home-dir (\S+) --uid (\d+) ", ssh, re.MULTILINE)
for pod in (launcher, worker):
    check("the image has no such user", pod["securityContext"]["runAsUser"] == int(user[2]))
check("ssh looks for its key elsewhere", spec["sshAuthMountPath"] == f"{user[1]}/.ssh" and f"HostKey {user[1]}/.ssh/id_rsa" in ssh)
check("sshd's configuration is elsewhere", f">{worker['containers'][0]['args'][-1]} <<" in ssh)
check("the image has a list of packages to build with of its own", "RUN /gemel/launch/install-deps.sh" in dockerfile and
      not re.search(r"-dev\b|build-essential", dockerfile))

print(f"{failures} failures against {', '.join(schemas)}")
sys.exit(failures != 0)
