"""What OpenShift's builders, publishers and sources are told of the cluster."""

from ringtest.jjb.components.parts import option

PLUGIN = "com.openshift.jenkins.plugins.pipeline.OpenShift"
CLUSTER = option("api-url", "https://openshift.default.svc.cluster.local", "apiURL")
NAMESPACE = option("namespace", "test")
TOKEN = option("auth-token", "")
VERBOSE = option("verbose", False)
ACCESS = (NAMESPACE, TOKEN, VERBOSE)
