"""Documents over gRPC: uploaded in pieces, listed with what is said about them, read in pieces (IA-CONF-03)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mandate.access.v1 import service_pb2 as pb

from chassis.application import Application
from chassis.documents.uploads import PIECE_READ, received
from chassis.domain import NotFoundError
from chassis.messages import timestamp
from chassis.server import Caller, receipt_message, uuid_of
from chassis.vocabulary.roles import EUS
from chassis.waiting import Waiter
from services.access.commands import comments, documents
from services.access.commands.parts import Parts
from services.access.projections import comments as comment_list
from services.access.projections import documents as document_list
from services.access.projections import role_requests as request_list


class DocumentAnswers:
    """UploadDocument, DeleteDocument, RefuseDocument, ListDocuments, ReadDocument, AddComment, RemoveComment."""

    _app: Application
    _waiter: Waiter
    _parts: Parts

    def UploadDocument(self, request: Iterator[pb.UploadDocumentRequest], caller: Caller) -> pb.UploadDocumentResponse:
        """D-42."""
        about, content = received(request, most=self._parts.settings.document_bytes)
        role_request_id = uuid_of(about.role_request_id, field="role_request_id")
        receipt = documents.upload(
            self._app,
            self._parts,
            caller.cause(about.command_id),
            role_request_id=role_request_id,
            document_type=about.document_type,
            file_name=about.file_name,
            content=content,
        )
        there, needed = documents.counted(self._app, role_request_id)
        return pb.UploadDocumentResponse(
            receipt=receipt_message(receipt), documents_uploaded=there, documents_required=needed
        )

    def DeleteDocument(self, request: pb.DeleteDocumentRequest, caller: Caller) -> pb.DeleteDocumentResponse:
        """4.9."""
        receipt = self._app.execute(
            documents.delete,
            caller.cause(request.command_id),
            parts=self._parts,
            document_id=uuid_of(request.document_id, field="document_id"),
        )
        return pb.DeleteDocumentResponse(receipt=receipt_message(receipt))

    def RefuseDocument(self, request: pb.RefuseDocumentRequest, caller: Caller) -> pb.RefuseDocumentResponse:
        """4.9; External User Services ask for another."""
        receipt = self._app.execute(
            documents.refuse,
            caller.cause(request.command_id),
            parts=self._parts,
            document_id=uuid_of(request.document_id, field="document_id"),
            reason=request.reason,
        )
        return pb.RefuseDocumentResponse(receipt=receipt_message(receipt))

    def AddComment(self, request: pb.AddCommentRequest, caller: Caller) -> pb.AddCommentResponse:
        """4.9."""
        receipt = self._app.execute(
            comments.add,
            caller.cause(request.command_id),
            parts=self._parts,
            document_id=uuid_of(request.document_id, field="document_id"),
            text=request.text,
        )
        return pb.AddCommentResponse(receipt=receipt_message(receipt))

    def RemoveComment(self, request: pb.RemoveCommentRequest, caller: Caller) -> pb.RemoveCommentResponse:
        """4.9."""
        receipt = self._app.execute(
            comments.remove,
            caller.cause(request.command_id),
            document_id=uuid_of(request.document_id, field="document_id"),
            comment_id=uuid_of(request.comment_id, field="comment_id"),
        )
        return pb.RemoveCommentResponse(receipt=receipt_message(receipt))

    def ListDocuments(self, request: pb.ListDocumentsRequest, caller: Caller) -> pb.ListDocumentsResponse:
        """IA-CONF-03, IA-CONF-04."""
        role_request_id = uuid_of(request.role_request_id, field="role_request_id")
        views = [document_list.DOCUMENTS, comment_list.COMMENTS, request_list.ROLE_REQUESTS]
        self._waiter.wait(request.at_least, views)
        with self._app.session() as session:
            asked = request_list.one(session, role_request_id=role_request_id)
            rows = document_list.of_request(session, role_request_id=role_request_id)
            said = comment_list.of_documents(session, document_ids=[row.document_id for row in rows])
        if asked is None or (asked.account_id != caller.account_id and EUS not in caller.roles):
            raise NotFoundError
        return pb.ListDocumentsResponse(
            documents=[self._document(row, said, caller) for row in rows],
            documents_uploaded=asked.documents_uploaded,
            documents_required=asked.documents_required,
        )

    def ReadDocument(self, request: pb.ReadDocumentRequest, caller: Caller) -> pb.ReadDocumentResponse:
        """A piece of the content."""
        id_ = uuid_of(request.document_id, field="document_id")
        content = documents.read(self._app, self._parts, account_id=caller.account_id, roles=caller.roles, id=id_)
        start = max(0, request.offset)
        return pb.ReadDocumentResponse(piece=content[start : start + PIECE_READ])

    def _document(
        self, row: document_list.DocumentRow, said: Sequence[comment_list.CommentRow], caller: Caller
    ) -> pb.Document:
        def opened(sealed: str, context: str) -> str:
            return documents.opened(self._parts, owner_id=row.account_id, sealed=sealed, context=context)

        return pb.Document(
            document_id=str(row.document_id),
            document_type=row.document_type,
            file_name=opened(row.file_name, documents.NAME_CONTEXT),
            media_type=row.media_type,
            bytes=row.content_bytes,
            uploaded_at=timestamp(row.uploaded_at),
            status=row.status,
            reason=opened(row.reason, documents.REASON_CONTEXT),
            comments=[
                pb.Comment(
                    comment_id=str(one.comment_id),
                    text=opened(one.text, comments.TEXT_CONTEXT),
                    by_desk=one.by_desk,
                    is_own=one.author_id == caller.account_id,
                    added_at=timestamp(one.added_at),
                )
                for one in said
                if one.document_id == row.document_id
            ],
        )
