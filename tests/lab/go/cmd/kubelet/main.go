// SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Kubelet is the node's kubelet, linked from the same module as the control plane so that versions cannot differ.
package main

import (
	"context"
	"os"

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	os.Exit(cli.Run(app.NewKubeletCommand(context.Background())))
}
