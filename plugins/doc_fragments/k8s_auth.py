# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to reach a cluster. Modules use the fragment, plugins also C(k8s_auth.env), which modules may not have."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - Path of a kubeconfig, or its content as a dictionary, which no result shows.
      - Unset, E(K8S_AUTH_KUBECONFIG) counts, then kubectl's own default, then the service account of the pod that
        Ansible runs in.
      - Not read at all if O(host) is given together with O(api_key), or with O(client_cert) and O(client_key).
    type: raw
  context:
    description: Context of the kubeconfig, its current one if unset. E(K8S_AUTH_CONTEXT) if not given.
    type: str
  host:
    description: URL of the API server. E(K8S_AUTH_HOST) if not given.
    type: str
  api_key:
    description:
      - Bearer token. E(K8S_AUTH_API_KEY) if not given.
      - Neither this token nor one of the kubeconfig is sent over plain C(http) to another machine; that is refused.
    type: str
  validate_certs:
    description:
      - Whether to check the API server's certificate. E(K8S_AUTH_VERIFY_SSL) if not given, otherwise what the
        kubeconfig says, otherwise V(true).
    type: bool
    aliases: [verify_ssl]
  ca_cert:
    description: File with the certificate authority of the API server. E(K8S_AUTH_SSL_CA_CERT) if not given.
    type: path
    aliases: [ssl_ca_cert]
  client_cert:
    description: File with a client certificate. E(K8S_AUTH_CERT_FILE) if not given.
    type: path
    aliases: [cert_file]
  client_key:
    description: File with the key of the client certificate. E(K8S_AUTH_KEY_FILE) if not given.
    type: path
    aliases: [key_file]
  proxy:
    description: URL of a proxy on the way to the API server. E(K8S_AUTH_PROXY) if not given.
    type: str
  api_timeout:
    description:
      - For how many seconds a request is sent again while the API server is away, fails or is overloaded.
        E(OSMIGRATE_API_TIMEOUT) if not given.
    type: int
    default: 120
requirements:
  - kubernetes >= 28.1.0
"""

    ENV = r"""
options:
  kubeconfig:
    env: [{name: K8S_AUTH_KUBECONFIG}]
  context:
    env: [{name: K8S_AUTH_CONTEXT}]
  host:
    env: [{name: K8S_AUTH_HOST}]
  api_key:
    env: [{name: K8S_AUTH_API_KEY}]
  validate_certs:
    env: [{name: K8S_AUTH_VERIFY_SSL}]
  ca_cert:
    env: [{name: K8S_AUTH_SSL_CA_CERT}]
  client_cert:
    env: [{name: K8S_AUTH_CERT_FILE}]
  client_key:
    env: [{name: K8S_AUTH_KEY_FILE}]
  proxy:
    env: [{name: K8S_AUTH_PROXY}]
  api_timeout:
    env: [{name: OSMIGRATE_API_TIMEOUT}]
"""
