/** By their files: two of the packages do not export them. */
const PACKAGES = '../../../node_modules';
const ofKubernetes = (group) => `${PACKAGES}/kubernetes-models/_schemas/IoK8sApi${group}`;
const ofOthers = (file) => `${PACKAGES}/@kubernetes-models/${file}`;

/** Where the compiled schemas of an API's kinds are: the kind's name follows. */
const schemas = {
  'apps/v1': ofKubernetes('AppsV1'),
  'autoscaling/v2': ofKubernetes('AutoscalingV2'),
  'batch/v1': ofKubernetes('BatchV1'),
  'networking.k8s.io/v1': ofKubernetes('NetworkingV1'),
  'policy/v1': ofKubernetes('PolicyV1'),
  v1: ofKubernetes('CoreV1'),
  'external-secrets.io/v1': ofOthers(
    'external-secrets/_schemas/ComGithubExternalSecretsExternalSecretsApisExternalsecretsV1',
  ),
  'gateway.networking.k8s.io/v1': ofOthers('gateway-api/_schemas/IoK8sSigsGatewayApiApisV1'),
  'monitoring.coreos.com/v1': ofOthers(
    'prometheus-operator/_schemas/ComGithubPrometheusOperatorPrometheusOperatorPkgApisMonitoringV1',
  ),
};

/**
 * What is wrong with a manifest by the schema of its kind: wrong types, what is missing, and fields that no schema knows.
 * The schemas are compiled and let unknown fields pass, but they only ever read the fields they know: a field that
 * nobody reads is unknown.
 */
export async function problemsOf(manifest) {
  const { validate } = await import(`${schemas[manifest.apiVersion]}${manifest.kind}.js`);
  const read = new Set();
  validate(watched(manifest, '', read));
  return [
    ...(validate.errors ?? []).map(({ instancePath, message, keyword, params }) =>
      [instancePath || '/', message ?? keyword, JSON.stringify(params)].join(' '),
    ),
    ...unreadIn(manifest, '', read).map((path) => `${path} is not known`),
  ];
}

/** The value, noting down the path of every field that is read of it. */
function watched(value, path, read) {
  if (value === null || typeof value !== 'object') return value;
  return new Proxy(value, {
    get(target, name, receiver) {
      if (typeof name === 'symbol') return Reflect.get(target, name, receiver);
      read.add(`${path}/${name}`);
      return watched(target[name], `${path}/${name}`, read);
    },
  });
}

function unreadIn(value, path, read) {
  if (value === null || typeof value !== 'object') return [];
  return Object.keys(value).flatMap((name) => {
    const here = `${path}/${name}`;
    return read.has(here) ? unreadIn(value[name], here, read) : [here];
  });
}
