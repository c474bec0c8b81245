# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With what a module signs; equal to OPTIONS of plugins/module_utils/_release/signing.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  private_key:
    description:
      - Path of a PEM file with the ed25519 private key. Nobody but its owner may be able to read it.
      - Without it, and without O(signature), nothing is written; RV(to_be_signed) is what another tool has to sign.
    type: path
  passphrase:
    description: Passphrase of the private key, if it has one.
    type: str
  signature:
    description: Base64 of a raw ed25519 signature over RV(to_be_signed), made elsewhere, by a hardware token say.
    type: str
  public_key:
    description: Ed25519 public key that O(signature) verifies with, as PEM text or as a path to a PEM file.
    type: str
"""
