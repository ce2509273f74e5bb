#!/usr/bin/env python3
"""Checks deploy/: the manifests by a schema of the fields that they use, and what no schema sees: names that must match, who may write
the page, and commands that exist. Needs python3-jsonschema and python3-yaml. Writes TAP."""
import copy
import json
import re
import shutil
import sys

from checks import TOP, Tap, run

try:
    import jsonschema
    import yaml
except ImportError:
    jsonschema = yaml = None

MANIFEST, READER, SCHEMA = 'deploy/kubernetes.yml', 'deploy/kubernetes-reader.yml', 'tests/static/kubernetes-schema.json'
SCRAPE, IMAGE = 'deploy/prometheus-kubernetes.yml', 'deploy/build-image'
PAGE = '/run/ffntp'


def documents(name):
    return list(yaml.safe_load_all((TOP / name).read_text()))


def problems_of(validator, name, objects):
    return [f'{name}: {"/".join(map(str, error.absolute_path))}: {deepest(error).message}' for each in objects
            for error in validator.iter_errors(each)]


def deepest(error):
    """Of several alternatives, the one that came furthest."""
    return deepest(max(error.context, key=lambda each: len(each.absolute_path))) if error.context else error


def check_schema(tap, validator, manifest, reader):
    jsonschema.Draft202012Validator.check_schema(validator.schema)
    tap.check('the manifests have the fields of the schema',
              problems_of(validator, MANIFEST, manifest) + problems_of(validator, READER, reader))
    kinds = [each['kind'] for each in manifest]
    tap.check('the manifest has what it consists of', [] if kinds == ['Namespace', 'ConfigMap', 'DaemonSet'] else [f'{kinds}'])


# A change of the DaemonSet that the schema must refuse.
MISTAKES = {
    'a misspelt field': lambda spec: spec.update(hostnetwork=True),
    'a number as a command': lambda spec: spec['containers'][0]['command'].append(0),
    'no image': lambda spec: spec['containers'][0].pop('image'),
    'a volume without a kind': lambda spec: spec['volumes'][0].pop('hostPath'),
    'a capability': lambda spec: spec['containers'][0]['securityContext']['capabilities'].update(add=['SYS_TIME']),
    'a privilege': lambda spec: spec['containers'][0]['securityContext'].update(privileged=True),
    'a quantity': lambda spec: spec['containers'][0]['resources']['limits'].update(memory='32 MB'),
}


def check_mistakes(tap, validator, daemon_set):
    found = []
    for name, change in MISTAKES.items():
        changed = copy.deepcopy(daemon_set)
        change(changed['spec']['template']['spec'])
        found += [] if list(validator.iter_errors(changed)) else [name]
    tap.check('the schema refuses mistakes', found)


def containers(spec):
    return spec.get('initContainers', []) + spec['containers']


def check_volumes(tap, specs):
    problems = []
    for spec in specs:
        volumes = {volume['name'] for volume in spec['volumes']}
        mounted = {mount['name'] for container in containers(spec) for mount in container['volumeMounts']}
        problems += [f'{mounted} mounted, {volumes} there'] if mounted != volumes else []
        problems += [f'{volume}: not {PAGE}' for volume in spec['volumes'] if volume.get('hostPath', {}).get('path', PAGE) != PAGE]
    tap.check('each volume is there, and mounted; only the directory of the page is the host\'s', problems)


def check_writers(tap, specs):
    writers = [container['name'] for spec in specs for container in containers(spec) for mount in container['volumeMounts']
               if not mount.get('readOnly', False)]
    tap.check('only the daemon, and the container that makes the directory, may write the page',
              [] if writers == ['directory', 'ffntpd'] else [f'{writers}'])


def check_privileges(tap, specs):
    problems = []
    for spec in specs:
        for container in containers(spec):
            context = container['securityContext']
            problems += [f'{container["name"]}: {key}' for key, value in
                         (('allowPrivilegeEscalation', False), ('readOnlyRootFilesystem', True)) if context[key] is not value]
            problems += [f'{container["name"]}: capabilities'] if context['capabilities'].get('drop') != ['ALL'] else []
            problems += [f'{container["name"]}: root'] if container['name'] != 'directory' and not context.get('runAsNonRoot') else []
        problems += [] if spec['securityContext']['runAsUser'] > 0 else ['the pod: root']
    tap.check('no container has a privilege that it does not need', problems)


def check_names(tap, manifest):
    namespace, configuration, daemon_set = manifest
    template = daemon_set['spec']['template']
    spec = template['spec']
    selected = daemon_set['spec']['selector']['matchLabels'].items()
    user = str(spec['securityContext']['runAsUser'])
    problems = [] if selected <= template['metadata']['labels'].items() else ['the selector does not select the pods']
    problems += [f'{each["kind"]}: namespace' for each in (configuration, daemon_set)
                 if each['metadata']['namespace'] != namespace['metadata']['name']]
    problems += ['the ConfigMap'] if [volume['configMap']['name'] for volume in spec['volumes'] if 'configMap' in volume] != [
        configuration['metadata']['name']] else []
    problems += ['the owner of the directory'] if spec['initContainers'][0]['command'].count(user) != 2 else []
    problems += ['the user of the image'] if f'--user {user}:{user}' not in (TOP / IMAGE).read_text() else []
    problems += ['images differ'] if len({container['image'] for container in containers(spec)}) != 1 else []
    [port] = [port for container in containers(spec) for port in container.get('ports', [])]
    default = re.search(r'^#define PORT (\d+)$', (TOP / 'tool/metrics.c').read_text(), re.MULTILINE)[1]
    problems += [f'port {port}, not {default}'] if str(port['containerPort']) != default else []
    [job] = documents(SCRAPE)[0]['scrape_configs']
    label, name = template['metadata']['labels']['app.kubernetes.io/name'], port['name']
    problems += [f'{SCRAPE} keeps other pods'] if f'{label};{name}' not in [rule.get('regex') for rule in job['relabel_configs']] else []
    tap.check('names, users and ports match', problems)


def commands(specs):
    for spec in specs:
        for container in containers(spec):
            probes = [container[probe]['exec']['command'] for probe in ('readinessProbe', 'livenessProbe')
                      if 'exec' in container.get(probe, {})]
            yield from [container['command'], *probes]


def options_of(command):
    """Return the options that the documents have for the command; None for other programs."""
    if command[0] == 'ffntpd':
        return (TOP / 'docs/ffntpd.md').read_text()
    if command[0] == 'ffntp':
        section = re.search(rf'^## {command[1]}$(.*?)(?=^## |\Z)', (TOP / 'docs/ffntp.md').read_text(), re.MULTILINE | re.DOTALL)
        return section[1] if section else ''
    return None


def check_commands(tap, specs):
    problems, count = [], 0
    for command in commands(specs):
        text = options_of(command)
        words = [word for word in command[1:] if text is not None and word.startswith('-')]
        count += text is not None
        problems += [f'{" ".join(command)}: no option {word}' for word in words if f'`{word}' not in text]
        problems += [f'{" ".join(command)}: not the page' for here, path in zip(command, command[1:]) if here == '--page' and path != PAGE + '/page']
    tap.check('the commands have the options that the documents describe', problems if count >= 4 else [f'{count} commands'])


def check_configuration(tap, configuration):
    """Each line of the ConfigMap's file is a server of the syntax that docs/ffntp.conf.md has; the names are for examples."""
    lines = configuration['data']['ffntp.conf'].splitlines()
    problems = [line for line in lines if not re.fullmatch(r'server [\w.-]+\.example\.(?:org|com) iburst', line)]
    tap.check('the configuration names servers', problems if len(lines) >= 3 else [f'{lines}'])


def check_script(tap):
    if shutil.which('shellcheck') is None:
        tap.skip('shellcheck of the image\'s recipe', 'no shellcheck')
    else:
        tap.check('shellcheck of the image\'s recipe', run(['shellcheck', IMAGE]))
    refused = run([f'{TOP}/{IMAGE}', 'nowhere', 'image'])
    tap.check('the recipe names what is missing', [] if refused and 'not exactly one ffntp_*.deb' in refused[0] else [f'{refused}'])


def main():
    tap = Tap()
    if yaml is None:
        tap.skip('the manifests', 'no python3-jsonschema or python3-yaml')
    else:
        manifest, reader = documents(MANIFEST), documents(READER)
        validator = jsonschema.Draft202012Validator(json.loads((TOP / SCHEMA).read_text()))
        check_schema(tap, validator, manifest, reader)
        specs = [manifest[-1]['spec']['template']['spec'], reader[0]['spec']]
        check_mistakes(tap, validator, manifest[-1])
        check_volumes(tap, specs)
        check_writers(tap, specs)
        check_privileges(tap, specs)
        check_names(tap, manifest)
        check_commands(tap, specs)
        check_configuration(tap, manifest[1])
    check_script(tap)
    print(f'1..{tap.count}')
    sys.exit(tap.failed != 0)


main()
