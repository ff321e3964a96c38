// Copyright 2011 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Changed for simulated machines: there is nothing here. That there is a file at all lets doc.go declare what the runtime defines.
